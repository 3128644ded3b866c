"""Commands and questions of the room. The caller opens the transaction that ``store`` works in."""
