"""Installation of apps: the install protocol, lifecycle callbacks and the license."""
