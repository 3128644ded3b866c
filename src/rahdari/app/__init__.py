"""Where rooms meet the world: settings, clock, keys, pictures, and the wiring of it all into a ``House``."""
