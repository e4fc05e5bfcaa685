"""Spaces, labels and people in version 2."""

from typing import Any

from flask import Blueprint, Response, jsonify, request

from devhost.rest.errors import RestError
from devhost.rest.operations import add_operation
from devhost.rest.people import person
from devhost.rest.reading import json_object, required_text, text, values
from devhost.rest.v2 import representation
from devhost.rest.v2.paging import whole_list
from devhost.rest.viewer import viewer, wiki
from devhost.site.users import find_user
from devhost.wiki.access import Role
from devhost.wiki.contents import STATUSES
from devhost.wiki.records import Space

ROOT = "/api/v2/spaces"
FILTERS = (
    ("ids", "id"),
    ("keys", "key"),
    ("type", "type"),
    ("status", "status"),
)
SORTS = ("id", "key", "name")
PERSON = ("accountId", "accountType", "email", "publicName", "displayName")
MAX_IDS = 250


def add_routes(blueprint: Blueprint) -> None:
    """Add the resources of spaces, labels and people."""
    for operation, view in (
        (f"GET {ROOT}", list_spaces),
        (f"POST {ROOT}", create_space),
        (f"GET {ROOT}/{{id}}", get_space),
        (f"GET {ROOT}/{{id}}/operations", get_operations),
        (f"GET {ROOT}/{{id}}/permissions", list_permissions),
        (f"GET {ROOT}/{{id}}/content/labels", list_content_labels),
        ("GET /api/v2/labels", list_labels),
        ("POST /api/v2/users-bulk", get_users),
        ("POST /api/v2/content/convert-ids-to-types", convert_ids),
    ):
        add_operation(blueprint, operation, view)


def list_spaces() -> Response:
    """Return the spaces, filtered by ids, keys, type and status."""
    return whole_list(asked_spaces(), representation.space)


def asked_spaces() -> list[Space]:
    """Return the spaces that the query string asks for, in its order.

    :raises RestError: 400 if there is no such order.
    """
    spaces = wiki.spaces.all(viewer)
    for name, attribute in FILTERS:
        wanted = values(name)
        if wanted:
            spaces = [each for each in spaces if getattr(each, attribute) in wanted]
    sort = request.args.get("sort", "id")
    name = sort.removeprefix("-")
    if name not in SORTS:
        raise RestError(400, f"Provided sort {sort} is not supported")
    if name != "id":
        spaces.sort(key=lambda each: str(getattr(each, name)).lower())
    if sort.startswith("-"):
        spaces.reverse()
    return spaces


def create_space() -> tuple[Response, int]:
    """Create a space."""
    body = json_object()
    created = wiki.spaces.create(
        viewer,
        key=required_text(body, "key"),
        name=required_text(body, "name"),
        description=text(body, "description.value") or "",
    )
    return jsonify(representation.space(created)), 201


def _space(identifier: str) -> Space:
    return wiki.spaces.get_by_id(viewer, identifier)


def get_space(id: str) -> Response:
    """Return one space."""
    return jsonify(representation.space(_space(id)))


def get_operations(id: str) -> dict[str, Any]:
    """Return what the caller is allowed to do in a space."""
    return representation.operations(_space(id))


def list_permissions(id: str) -> Response:
    """Return who is allowed to read, write and administer a space.

    Assumed: a role is represented by the operation that distinguishes it.
    """
    space = _space(id)
    viewer.check(Role.ADMINISTER, space)
    keys = {Role.READ: "read", Role.WRITE: "create", Role.ADMINISTER: "administer"}
    targets = {Role.WRITE: "page"}
    return whole_list(
        wiki.spaces.permissions(space),
        lambda each: {
            "id": f"{space.id}-{each[0]}-{each[1]}",
            "principal": {"type": each[0], "id": each[1]},
            "operation": {
                "key": keys[each[2]],
                "targetType": targets.get(each[2], "space"),
            },
        },
    )


def list_content_labels(id: str) -> Response:
    """Return the labels on the contents of a space."""
    return whole_list(wiki.labels.in_space(_space(id)), representation.label)


def list_labels() -> Response:
    """Return every label that is in use."""
    return whole_list(wiki.labels.used(viewer), representation.label)


def get_users() -> dict[str, Any]:
    """Return several people by account ids, without unknown ones."""
    known = [find_user(each) for each in _ids("accountIds")]
    shown = [
        {
            **{name: person(user.account_id)[name] for name in PERSON},
            "accountStatus": "active",
        }
        for user in known
        if user is not None
    ]
    return {"results": shown, "_links": {"base": representation.base_url()}}


def convert_ids() -> dict[str, Any]:
    """Return the type of each content; null if it does not exist."""
    found = {each: wiki.contents.find(viewer, each, STATUSES) for each in _ids()}
    types = {id: each.type if each else None for id, each in found.items()}
    return {"results": types}


def _ids(name: str = "contentIds") -> list[str]:
    ids = json_object().get(name)
    if not isinstance(ids, list) or len(ids) > MAX_IDS:
        raise RestError(400, f"{name} must be a list of at most {MAX_IDS} ids")
    return [str(each) for each in ids]
