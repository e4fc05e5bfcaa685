"""Background work for a tenant: the author's tasks, and the way to the broker."""
