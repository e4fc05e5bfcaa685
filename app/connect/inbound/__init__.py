"""Inbound requests: verification, access policies, lifecycle and health checks.

In the order of a request: ``policies`` are the decorators on views, ``verify`` checks
the token that ``request_token`` finds, ``install_keys`` fetches the keys of signed
installs, ``lifecycle`` and ``health`` are blueprints, ``session_token`` is a policy
with the app's own tokens, and ``module_views`` are views of special modules.
"""

from flask import Flask

from . import health, lifecycle
from .install_keys import InstallKeys
from .key_servers import KeyServers
from .known_keys import KnownKeys
from .policies import public
from .session_token import session_token
from .state import KEY, InboundState


def init_app(app: Flask) -> None:
    """Serve lifecycle callbacks and health checks. Reads CONNECT_KEY_SERVERS."""
    servers = KeyServers(app.config["CONNECT_KEY_SERVERS"])
    keys = InstallKeys(servers, KnownKeys(app))
    app.extensions[KEY] = InboundState(install_keys=keys)
    app.register_blueprint(lifecycle.bp)
    app.register_blueprint(health.bp)
    app.jinja_env.globals["session_token"] = session_token
    if app.has_static_folder:
        public(app.view_functions["static"])
