"""Formats of messages: JSON, request targets, query string hashes, error bodies.

Nothing here knows about a site or an app.
"""
