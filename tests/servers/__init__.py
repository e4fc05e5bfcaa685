"""The web servers in front of the app."""
