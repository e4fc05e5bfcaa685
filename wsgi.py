"""The WSGI and Celery entry point.

``gunicorn wsgi:app``, ``flask --app wsgi``, ``celery --app wsgi:celery worker`` and
``celery --app wsgi:celery beat`` load it.
"""

import sys

from flask import Flask

from app import create_app, logs
from app.connect.cli import connect_cli
from app.connect.errors import ConnectError

try:
    logs.configure()
    app = create_app()
except ConnectError as error:
    # The command that makes the secrets runs without them.
    if sys.argv[-2:] != ["connect", "new-secrets"]:
        sys.exit(f"The app can't start. {error}")
    app = Flask(__name__)
    app.cli.add_command(connect_cli)
else:
    celery = app.extensions["celery"]
