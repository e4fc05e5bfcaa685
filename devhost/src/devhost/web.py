"""The Flask application of one site."""

from pathlib import Path
from typing import Any

from flask import Flask, Response, jsonify, request
from werkzeug.exceptions import HTTPException, InternalServerError

from devhost.exchanges import inbound
from devhost.faults import strikes
from devhost.install import upm
from devhost.pages import (
    access_rules,
    bridge,
    content_page,
    create_page,
    editing,
    editor_api,
    macro_page,
    space_tools,
    views,
)
from devhost.pages.chrome import render
from devhost.pages.tools import (
    assumptions,
    condition_switches,
    desk,
    desk_api,
    faults,
    inspector,
    webhooks,
)
from devhost.protocol.error_bodies import error_response
from devhost.protocol.raw_target import RouteByRawPath
from devhost.rest import create_blueprint, downloads
from devhost.site import Site, origin_check
from devhost.site.current import EXTENSION, current_site
from devhost.site.products import Product
from devhost.site.state import StateClosedError
from devhost.tokens import oauth_endpoint

ROOT = Path(__file__).resolve().parent
MAX_BODY_BYTES = 1_000_000
REST_ROOTS = ("/wiki/rest/", "/wiki/api/")


class _ProductWeb(Flask):
    """Serves those declared routes that the product has, at the product's addresses."""

    def __init__(self, product: Product) -> None:
        self._product = product
        super().__init__(
            "devhost", root_path=str(ROOT), static_url_path="/devhost/static"
        )

    def add_url_rule(self, rule: str, *arguments: Any, **options: Any) -> None:
        mounted = self._product.mount(rule)
        if mounted is not None:
            super().add_url_rule(mounted, *arguments, **options)

    def handle_exception(self, error: Exception) -> Response:
        """Answer a request during the host's shutdown without a traceback."""
        if isinstance(error, StateClosedError):
            return Response("The host is stopping.\n", 503, mimetype="text/plain")
        return super().handle_exception(error)


def create_web(site: Site) -> Flask:
    """Return the application that serves *site*."""
    app = _ProductWeb(site.product)
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES
    app.json.sort_keys = False  # type: ignore[attr-defined]  # Flask's default provider has it.
    app.url_map.strict_slashes = False
    # A property key can contain slashes.
    app.url_map.merge_slashes = False
    serve_site(app, site)
    origin_check.init_app(app)
    inbound.init_app(app)
    strikes.init_app(app)
    for blueprint in (
        upm.blueprint,
        oauth_endpoint.blueprint,
        create_blueprint(site.product),
        downloads.create_blueprint(),
        bridge.blueprint,
        desk.blueprint,
        desk_api.blueprint,
        condition_switches.blueprint,
        faults.blueprint,
        assumptions.blueprint,
        inspector.blueprint,
        macro_page.blueprint,
        editing.blueprint,
        editor_api.blueprint,
        views.blueprint,
        space_tools.blueprint,
        webhooks.blueprint,
        access_rules.blueprint,
        access_rules.api,
        create_page.blueprint,
        content_page.blueprint,
    ):
        app.register_blueprint(blueprint)
    app.add_url_rule("/install-keys/<kid>", view_func=install_key)
    app.register_error_handler(HTTPException, _answer_error)
    app.wsgi_app = RouteByRawPath(app.wsgi_app)  # type: ignore[method-assign]  # Flask's own way to add middleware.
    return app


def serve_site(app: Flask, site: Site) -> None:
    """Make *app* serve *site* from the next request on."""
    app.extensions[EXTENSION] = site


def install_key(kid: str) -> Response:
    """Return the public key that verifies install callbacks."""
    site = current_site()
    if kid != site.key_id:
        return Response("There is no such key.\n", 404, mimetype="text/plain")
    return Response(site.public_key_pem, mimetype="text/plain")


def _answer_error(error: HTTPException) -> Response | tuple[str, int] | HTTPException:
    status = error.code or 500
    if error.response is not None or status < 400:
        return error
    message = str(error.description)
    if current_site().product.declared(request.path).startswith(REST_ROOTS):
        return error_response(status, message)
    if request.path.startswith("/devhost/api/"):
        response = jsonify(error=message)
        response.status_code = status
        return response
    if isinstance(error, InternalServerError) or status == 403:
        # No details of the site for a foreign origin, and no second failure.
        return Response(f"{message}\n", status, mimetype="text/plain")
    return render("message.html", title=error.name, message=message), status
