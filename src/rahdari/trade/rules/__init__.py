"""Decisions and computations on numbers that are already in memory. Pure."""
