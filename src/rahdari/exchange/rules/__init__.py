"""What the exchange decides: pure functions over values, with the time as an argument."""
