"""The three WSGI apps that are compared; gunicorn loads each by name."""
