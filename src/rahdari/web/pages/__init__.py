"""The pages: rendered here, complete without a script, in three languages."""
