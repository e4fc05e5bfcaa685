"""The descriptor: loaded, linted, served, and compared with what the app does."""
