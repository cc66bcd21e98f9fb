"""How to obtain a system's extracts. A source writes delivery files; the landing door alone writes to `raw`."""
