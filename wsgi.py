"""What gunicorn and flask load: ``gunicorn wsgi:app``, ``flask --app wsgi``."""

import sys

from app import create_app
from app.connect.errors import ConnectError

try:
    app = create_app()
except ConnectError as error:
    sys.exit(f"The app can't start. {error}")
