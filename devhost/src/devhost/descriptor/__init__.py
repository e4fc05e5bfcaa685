"""The descriptor of an app: fetched, and checked as the installation checks it."""
