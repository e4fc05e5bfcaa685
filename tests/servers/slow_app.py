"""The app of the framework's tests, with a view that takes its time."""

import time

from app.connect import public
from tests.example import create_app

app = create_app()


@app.get("/slow")
@public
def slow() -> str:
    """Answer after a second."""
    time.sleep(1)
    return "done"
