"""Scopes and app access rules: what is checked of each call to a host."""
