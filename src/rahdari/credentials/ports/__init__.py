"""What the credentials room needs of the world, with the promises it relies on."""
