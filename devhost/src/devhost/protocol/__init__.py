"""How a message is written: JSON, request targets and the query string hash.

Pure functions that know neither a site nor an app.
"""
