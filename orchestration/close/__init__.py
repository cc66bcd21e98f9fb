"""The close of a month, as far as it is a summary."""
