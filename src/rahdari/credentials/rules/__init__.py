"""Decisions of the credentials room, pure: life cycle, products, trust, verification, audit chain."""
