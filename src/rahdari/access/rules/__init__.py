"""What is decided here, pure: who may be enrolled, what a token or a session proves, when a passkey holds."""
