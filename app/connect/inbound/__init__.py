"""What the host sends us, and whether to believe it."""
