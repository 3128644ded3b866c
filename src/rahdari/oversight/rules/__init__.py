"""Decisions and computations of the room, pure."""
