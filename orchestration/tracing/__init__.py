"""From an invoice line to the events behind it, and back: lookups alone, what belongs to what is said by the models."""
