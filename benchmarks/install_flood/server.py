"""The benchmark's app: the one of the framework's tests, with a public page."""

from app.connect import public
from tests.example import create_app

app = create_app()


@app.get("/page")
@public
def page() -> str:
    """Return a page, as any other request of the app's users."""
    return "a page"
