"""Rahdari, the open platform of an economic corridor.

The rooms of the house are described in ARCHITECTURE.md; each room's front door is its package.
"""
