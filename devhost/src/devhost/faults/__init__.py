"""Faults: what the host does wrong on purpose, while a switch is on."""
