"""The life of breaks: what runs record, what people do about a break, who is told, and that the record holds."""
