"""How extracts of other systems enter the warehouse: by one door, whole or not at all, every record accounted for."""
