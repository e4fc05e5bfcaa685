"""Chaos: what is left of the app's promises when everything around it fails.

Real processes, started as docs/deploy.md says, with a PostgreSQL cluster and a
Redis of their own. While signed and forged requests come in, one thing after the other
is broken and mended. Then every install that was answered 2xx must be in the database
with its secret, every webhook that was answered 204 must have been run, no genuine
request may have been refused with 401 or 403, no forged one accepted, and nothing may
have answered 500, hung or ended.

The requests are signed with the PyPI library atlassian-jwt and with keys that a key
server of this package serves.
"""
