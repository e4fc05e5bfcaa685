"""``python -m tools.screenshots``: pictures of the local Confluence for the docs.

It runs the app under gunicorn and a local Confluence, as ``make run`` does, but on free
ports and with its own databases. It imports nothing from the app.
"""
