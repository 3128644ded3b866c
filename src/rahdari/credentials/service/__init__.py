"""Commands and questions of the credentials room, each within one transaction that its caller opened."""
