"""The app: settings, extensions, the Connect framework, and the pages.

``connect`` is the framework; ``pages`` is the example that a fork replaces.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flask import Flask

from . import config as settings
from . import connect, pages
from .extensions import db, migrate


def create_app(config: Mapping[str, Any] | None = None) -> Flask:
    """Return the app, with *config* before the environment.

    :raises ConfigurationError: if a setting is missing or malformed, or a route
        declares no policy.
    :raises DescriptorError: if atlassian-connect.json is wrong.
    """
    app = Flask(
        __name__,
        instance_path=str(settings.ROOT / "instance"),
        template_folder=str(settings.ROOT / "templates"),
    )
    Path(app.instance_path).mkdir(mode=0o700, exist_ok=True)
    app.config["MAX_CONTENT_LENGTH"] = 1024 * 1024
    app.config.from_mapping(settings.load(config))
    app.config.setdefault("SQLALCHEMY_DATABASE_URI", app.config["DATABASE_URL"])
    # The text of a database error must not hold what was being stored.
    app.config.setdefault("SQLALCHEMY_ENGINE_OPTIONS", {"hide_parameters": True})
    db.init_app(app)
    migrate.init_app(app, db, directory=str(settings.ROOT / "migrations"))
    connect.init_app(app, settings.ROOT / "atlassian-connect.json")
    app.register_blueprint(pages.bp)
    connect.check(app)
    return app
