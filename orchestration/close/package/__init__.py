"""The close package: what a closed month is handed over as, the same bytes whoever makes it and whenever."""
