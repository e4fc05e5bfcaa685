"""User impersonation: calls to a tenant's host as one of its users."""
