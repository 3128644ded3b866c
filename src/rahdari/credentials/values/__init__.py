"""The nouns of the credentials room."""
