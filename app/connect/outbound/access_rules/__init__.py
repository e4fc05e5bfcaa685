"""Checks of outbound calls against scopes and app access rules."""
