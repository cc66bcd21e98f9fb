"""How well the controls find what is wrong: worlds with known truth, and scores of what was raised in them."""
