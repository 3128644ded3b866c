"""The room's tables in SQL."""
