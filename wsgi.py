"""What is loaded: ``gunicorn wsgi:app``, ``flask --app wsgi``, and by Celery.

``celery --app wsgi:celery worker`` and ``celery --app wsgi:celery beat``.
"""

import sys

from app import create_app
from app.connect.errors import ConnectError

try:
    app = create_app()
except ConnectError as error:
    sys.exit(f"The app can't start. {error}")

celery = app.extensions["celery"]
