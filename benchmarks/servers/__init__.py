"""The servers that are compared; gunicorn and granian load the WSGI apps by name."""
