"""How messages are written: JSON, request targets, query string hashes, error bodies.

Nothing here knows a site or an app.
"""
