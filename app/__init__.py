"""The app factory: settings, extensions, the Connect framework, and the pages.

``connect`` is the framework; ``pages`` is the example that a fork replaces.
"""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flask import Blueprint, Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from . import config as settings
from . import connect, monitoring
from .connect.db.postgresql import engine_options
from .extensions import db, migrate

_logger = logging.getLogger(__name__)


def create_app(
    config: Mapping[str, Any] | None = None,
    *,
    home: Path | None = None,
    blueprint: Blueprint | None = None,
) -> Flask:
    """Return the app; values in *config* override the environment.

    It serves ``app.pages``, or *blueprint* with the ``atlassian-connect.json``,
    ``templates``, ``static`` and ``translations`` of the folder *home*.

    :raises ConfigurationError: if a setting is missing or malformed, or a route
        declares no policy.
    :raises DescriptorError: if atlassian-connect.json is wrong.
    """
    home = home.resolve() if home else None
    app = Flask(
        __name__,
        root_path=str(home) if home else None,
        instance_path=str(settings.ROOT / "instance"),
        template_folder=str((home or settings.HOME) / "templates"),
    )
    Path(app.instance_path).mkdir(mode=0o700, exist_ok=True)
    app.config["MAX_CONTENT_LENGTH"] = 1024 * 1024
    app.config.from_mapping(settings.load(config))
    app.config["SETTINGS_DOUBTS"] = settings.doubts(app.config, config)
    for doubt in app.config["SETTINGS_DOUBTS"]:
        _logger.warning("%s", doubt)
    monitoring.init_app(app)
    app.config.setdefault("SQLALCHEMY_DATABASE_URI", app.config["DATABASE_URL"])
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = engine_options(
        app.config["SQLALCHEMY_DATABASE_URI"],
        app.config.get("SQLALCHEMY_ENGINE_OPTIONS", {}),
    )
    db.init_app(app)
    migrate.init_app(app, db, directory=str(settings.HOME / "migrations"))
    connect.init_app(app, (home or settings.HOME) / "atlassian-connect.json")
    if proxies := app.config["TRUSTED_PROXIES"]:
        # The host is not among what is believed: CONNECT_BASE_URL names it.
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=proxies, x_proto=proxies)  # type: ignore[method-assign]  # Flask's own way to add middleware.
    if blueprint is None:
        # Not at the top: importing it registers webhook handlers for its pages.
        from . import pages

        blueprint = pages.bp
    app.register_blueprint(blueprint)
    connect.check(app)
    return app
