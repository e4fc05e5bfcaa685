"""Content properties and space properties in version 2, found by their ids."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, jsonify, request

from devhost.rest.errors import RestError
from devhost.rest.operations import add_operation
from devhost.rest.reading import (
    JSON,
    json_object,
    required_number,
    required_text,
    segment,
    text,
)
from devhost.rest.v2 import lists, representation
from devhost.rest.v2.paging import whole_list
from devhost.rest.viewer import viewer, wiki
from devhost.wiki.errors import InvalidError
from devhost.wiki.properties import Owner
from devhost.wiki.records import CUSTOM, Property

# The name in the path, the name of its parameter, and the type it names.
OWNERS = (
    ("pages", "page-id", "page"),
    ("blogposts", "blogpost-id", "blogpost"),
    ("attachments", "attachment-id", "attachment"),
    ("comments", "comment-id", "comment"),
    ("custom-content", "custom-content-id", CUSTOM),
    ("spaces", "space-id", "space"),
)


def add_routes(blueprint: Blueprint) -> None:
    """Add the property resources."""
    for place, parameter, kind in OWNERS:
        root = f"/api/v2/{place}/{{{parameter}}}/properties"
        one = f"{root}/{{property-id}}"
        resource = _Properties(parameter.replace("-", "_"), _owner_of(kind))
        for operation, view in (
            (f"GET {root}", resource.list),
            (f"POST {root}", resource.create),
            (f"GET {one}", resource.get),
            (f"PUT {one}", resource.put),
            (f"DELETE {one}", resource.delete),
        ):
            add_operation(blueprint, operation, view)


def _owner_of(kind: str) -> Callable[[str], Owner]:
    if kind == "space":
        return lambda identifier: wiki.spaces.get_by_id(viewer, identifier)
    return lambda identifier: lists.found(identifier, kind)


class _Properties:
    """The same resource below every kind of owner."""

    def __init__(self, parameter: str, owner: Callable[[str], Owner]) -> None:
        self._parameter = parameter
        self._owner = owner

    def _of(self, arguments: dict[str, str]) -> Owner:
        return self._owner(arguments[self._parameter])

    def _old(self, owner: Owner, property_id: str) -> Property:
        return wiki.properties.get_by_id(owner, segment(property_id))

    def list(self, **arguments: str) -> Response:
        found = wiki.properties.all(self._of(arguments))
        if "key" in request.args:
            found = [each for each in found if each.key == request.args["key"]]
        return whole_list(found, representation.property_of)

    def create(self, **arguments: str) -> Response:
        owner, body = self._of(arguments), json_object()
        key = required_text(body, "key")
        created = wiki.properties.create(viewer, owner, key, _value(body))
        return jsonify(representation.property_of(created))

    def get(self, property_id: str, **arguments: str) -> Response:
        found = self._old(self._of(arguments), property_id)
        return jsonify(representation.property_of(found))

    def put(self, property_id: str, **arguments: str) -> Response:
        owner, body = self._of(arguments), json_object()
        old = self._old(owner, property_id)
        if text(body, "key") not in {None, old.key}:
            raise InvalidError("The key of a property cannot be changed")
        number = required_number(body, "version.number")
        updated = wiki.properties.update(viewer, owner, old, _value(body), number)
        return jsonify(representation.property_of(updated))

    def delete(self, property_id: str, **arguments: str) -> tuple[str, int]:
        owner = self._of(arguments)
        wiki.properties.delete(viewer, owner, self._old(owner, property_id))
        return "", 204


def _value(body: JSON) -> Any:
    if "value" not in body:
        raise RestError(400, "value is required")
    return body["value"]
