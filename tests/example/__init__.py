"""The app that the framework's tests run, so that a fork can replace ``app/pages``.

The real ``create_app`` builds it, with its own descriptor, templates and blueprint.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flask import Blueprint, Flask

import app

HOME = Path(__file__).parent

bp = Blueprint("example", __name__)

from . import views, webhooks  # noqa: E402, F401 - they add their routes and handlers


def create_app(
    config: Mapping[str, Any] | None = None,
    *,
    home: Path = HOME,
    blueprint: Blueprint = bp,
) -> Flask:
    """Return the app of this package instead of the one in ``app/pages``."""
    return app.create_app(config, home=home, blueprint=blueprint)
