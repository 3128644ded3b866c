"""The exchange's nouns."""
