"""How extracts of other systems enter the warehouse: through one door, whole or not at all, every line accounted for."""
