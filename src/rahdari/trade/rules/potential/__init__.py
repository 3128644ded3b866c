"""Export potential: what a country could sell where, why, what levers add, and what a wanted total would take."""
