"""Who has installed the app: the tenants, their secrets and their history."""
