"""The questions of the room: each takes a book of flows, a scope and a wish, and gives an ``Answer``."""
