"""Tariffs: what a schedule says of any origin and product, and what changing it does to one market."""
