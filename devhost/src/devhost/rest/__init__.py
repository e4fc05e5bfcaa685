"""Confluence's REST resources, as far as a typical app needs them.

* ``v1``, ``v2``    the two versions, which do not import each other
* ``operations``, ``operation_checks``  each method and path, and the checks before it
* ``scopes``, ``blocked_spaces``  two of the checks, by ``documented_operations``
* ``caller``, ``viewer``  who is calling, and what they can see of the wiki
* ``permitted_operations``  what they are allowed to do with a content
* ``jira_permissions``  the only resource of Jira's own
* ``macros``, ``body_views``, ``past_versions``, ``people``  shared by both versions
"""

from flask import Blueprint, Response, request

from devhost.protocol.error_bodies import error_response
from devhost.rest import (
    app_properties,
    dynamic_modules,
    jira_permissions,
    license,
    users,
    v1,
    v2,
)
from devhost.rest.caller import authenticate
from devhost.rest.errors import RestError, answer_error, answer_wiki_error
from devhost.rest.operation_checks import check_operation
from devhost.rest.operations import NOT_HERE
from devhost.site.current import current_site, current_target
from devhost.site.products import Product
from devhost.wiki.errors import WikiError

METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]


def create_blueprint(product: Product) -> Blueprint:
    """Return the blueprint of ``/wiki/rest`` and ``/wiki/api``."""
    blueprint = Blueprint("rest", __name__, url_prefix="/wiki")
    blueprint.before_request(authenticate)
    blueprint.before_request(check_operation)
    blueprint.after_request(_never_cached)
    blueprint.register_error_handler(RestError, answer_error)
    blueprint.register_error_handler(WikiError, answer_wiki_error)
    wiki = (users, *v1.RESOURCES, *v2.RESOURCES)
    others = wiki if product.has_wiki else (jira_permissions,)
    for resource in (app_properties, license, dynamic_modules, *others):
        resource.add_routes(blueprint)
    for root in ("/rest/", "/rest/<path:operation>", "/api/", "/api/<path:operation>"):
        blueprint.add_url_rule(
            root, endpoint=NOT_HERE, view_func=_not_here, methods=METHODS
        )
    return blueprint


def _never_cached(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store, no-cache"
    return response


def _not_here(operation: str = "") -> Response:
    path = current_target().partition("?")[0]
    return error_response(
        501,
        f"{request.method} {path} is not in the local {current_site().product.title}.",
    )
