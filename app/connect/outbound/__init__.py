"""What we ask of the host."""
