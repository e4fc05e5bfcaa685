"""``python -m tools.screenshots``: pictures of the local Confluence for the docs.

It runs the app under gunicorn and a local Confluence beside it, as ``make run`` does,
but on free ports and on databases of its own; nothing of the app is imported.
"""
