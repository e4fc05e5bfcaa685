"""The WSGI and Celery entry point.

``gunicorn wsgi:app``, ``flask --app wsgi``, ``celery --app wsgi:celery worker`` and
``celery --app wsgi:celery beat`` load it.
"""

import sys

from app import create_app, logs
from app.connect.errors import ConnectError

try:
    logs.configure()
    app = create_app()
except ConnectError as error:
    sys.exit(f"The app can't start. {error}")

celery = app.extensions["celery"]
