"""Dynamic modules: ``/rest/atlassian-connect/1/app/module/dynamic``."""

from typing import Any

from flask import Blueprint, Response, jsonify, request

from devhost.descriptor.document import duplicate_keys_message
from devhost.descriptor.module_rules import (
    array_problems,
    duplicates,
    module_keys,
    static_modules,
)
from devhost.protocol.strict_json import is_whole, parse_json
from devhost.rest.caller import require_app
from devhost.rest.errors import RestError
from devhost.site.app_data import DynamicModules, Modules
from devhost.site.current import current_site
from devhost.site.installations import Installation

MAX_MODULES = 100
PATH = "/rest/atlassian-connect/1/app/module/dynamic"


def add_routes(blueprint: Blueprint) -> None:
    """Add the dynamic module resource."""
    blueprint.add_url_rule(PATH, view_func=get_modules)
    blueprint.add_url_rule(PATH, view_func=register_modules, methods=["POST"])
    blueprint.add_url_rule(PATH, view_func=remove_modules, methods=["DELETE"])


def get_modules() -> Response:
    """Return the modules that the app registered."""
    return jsonify(current_site().get(DynamicModules).all(require_app().app_key))


def register_modules() -> tuple[str, int]:
    """Register modules, all or none of them."""
    app = require_app()
    modules = _parsed_modules()
    with current_site().state.transaction():
        registered = current_site().get(DynamicModules).all(app.app_key)
        _refuse_conflicts(app, registered, modules)
        _refuse_too_many(registered, modules)
        current_site().get(DynamicModules).register(app.app_key, modules)
    return "", 200


def remove_modules() -> tuple[str, int]:
    """Remove the modules named by ``moduleKey``, or all if none are named."""
    app = require_app()
    keys = request.args.getlist("moduleKey")
    if keys:
        current_site().get(DynamicModules).remove(app.app_key, keys)
    else:
        current_site().get(DynamicModules).remove_all(app.app_key)
    return "", 204


def _parsed_modules() -> Modules:
    try:
        modules: Any = parse_json(request.get_data())
    except ValueError as error:
        raise RestError(400, f"The request body is not JSON: {error}.") from error
    if not is_whole(modules):
        raise RestError(400, "The request body has a \\u escape for half a character.")
    if not isinstance(modules, dict):
        raise RestError(400, "The request body must be an object of arrays of modules.")
    problems = list(array_problems(modules, product=current_site().product))
    if problems:
        raise RestError(400, f"Invalid modules: {'; '.join(problems)}.")
    return modules


def _refuse_conflicts(app: Installation, registered: Modules, new: Modules) -> None:
    new_keys = module_keys(new)
    taken = module_keys(registered) + module_keys(static_modules(app.descriptor))
    conflicts = duplicates(new_keys) + [key for key in new_keys if key in taken]
    if conflicts:
        unique = list(dict.fromkeys(conflicts))
        raise RestError(400, duplicate_keys_message(app.app_key, unique))


def _refuse_too_many(registered: Modules, new: Modules) -> None:
    total = sum(
        len(entries) for modules in (registered, new) for entries in modules.values()
    )
    if total > MAX_MODULES:
        raise RestError(
            400, f"An app may register at most {MAX_MODULES} dynamic modules."
        )
