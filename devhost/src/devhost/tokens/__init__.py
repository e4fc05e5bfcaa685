"""Tokens: those that the host signs, those of apps, and OAuth's access tokens."""
