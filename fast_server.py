"""Serve the app with granian: ``python fast_server.py``."""

import os
import sys

from granian import Granian
from granian.constants import HTTPModes, Interfaces

if __name__ == "__main__":
    host, _, port = os.environ.get("BIND", "127.0.0.1:8080").rpartition(":")
    Granian(
        sys.argv[1] if sys.argv[1:] else "wsgi:app",
        address=host,
        port=int(port),
        interface=Interfaces.WSGI,
        workers=int(os.environ.get("WEB_CONCURRENCY", "2")),
        blocking_threads=8,
        http=HTTPModes.http1,
        websockets=False,
    ).serve()
