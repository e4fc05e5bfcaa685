"""Data policies: what an app access rule blocks, for the blocked app to read.

https://developer.atlassian.com/cloud/confluence/rest/v2/api-group-data-policies/

Only an app can call these, and not on behalf of a person. Assumed: both describe the
calling app; a space has no icon and no description here.
"""

from typing import Any

from flask import Blueprint, Response

from devhost.access_rules import AccessRules, blocked_space_ids
from devhost.rest.caller import require_app
from devhost.rest.operations import add_operation
from devhost.rest.v2.paging import whole_list
from devhost.rest.v2.spaces import asked_spaces
from devhost.site.current import current_site
from devhost.wiki.records import Space

ROOT = "/api/v2/data-policies"


def add_routes(blueprint: Blueprint) -> None:
    """Add the data policy resources."""
    add_operation(blueprint, f"GET {ROOT}/metadata", get_metadata)
    add_operation(blueprint, f"GET {ROOT}/spaces", list_spaces)


def get_metadata() -> dict[str, bool]:
    """Return whether the app is blocked anywhere on the site."""
    rule = current_site().get(AccessRules).of(require_app().app_key)
    return {"anyContentBlocked": rule.blocks_anything}


def list_spaces() -> Response:
    """Return every space, and whether the app is blocked there."""
    blocked = blocked_space_ids(current_site(), require_app().app_key)

    def show(space: Space) -> dict[str, Any]:
        return {
            "id": space.id,
            "key": space.key,
            "name": space.name,
            "description": {},
            "dataPolicy": {"anyContentBlocked": space.id in blocked},
            "icon": None,
            "_links": {"webui": f"/spaces/{space.key}"},
        }

    return whole_list(asked_spaces(), show)
