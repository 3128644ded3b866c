"""Decisions and computations of the room. Pure."""
