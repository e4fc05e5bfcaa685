"""Labels of contents in version 1."""

from flask import Blueprint, Response, jsonify, request

from devhost.rest.errors import RestError
from devhost.rest.operations import add_operation
from devhost.rest.reading import json_body, segment
from devhost.rest.v1 import representation
from devhost.rest.v1.contents import found
from devhost.rest.v1.paging import whole_list
from devhost.rest.viewer import viewer, wiki
from devhost.wiki.records import Content

ROOT = "/rest/api/content/{id}/label"


def add_routes(blueprint: Blueprint) -> None:
    """Add the label resources."""
    for operation, view in (
        (f"GET {ROOT}", list_labels),
        (f"POST {ROOT}", add_labels),
        (f"DELETE {ROOT}", remove_named_label),
        (f"DELETE {ROOT}/{{label}}", remove_label),
    ):
        add_operation(blueprint, operation, view)


def list_labels(id: str) -> Response:
    """Return the labels of a content, filtered by prefix if one is given."""
    return _labels(found(id))


def _labels(content: Content) -> Response:
    prefix = request.args.get("prefix")
    labels = wiki.labels.of(content)
    wanted = [each for each in labels if prefix in {None, each.prefix}]
    return jsonify(whole_list(wanted, representation.label, default=200))


def add_labels(id: str) -> Response:
    """Add labels: one ``{"prefix": "global", "name": "x"}``, or a list of them."""
    content = found(id)
    body = json_body()
    given = body if isinstance(body, list) else [body]
    wiki.labels.add(viewer, content, [_label(each) for each in given])
    return _labels(content)


def _label(given: object) -> tuple[str, str]:
    if not isinstance(given, dict) or not isinstance(given.get("name"), str):
        raise RestError(400, "Each label must be an object with a name")
    prefix = given.get("prefix", "global")
    if not isinstance(prefix, str):
        raise RestError(400, "The prefix of a label must be a string")
    return prefix, given["name"]


def remove_named_label(id: str) -> tuple[str, int]:
    """Remove the label in ``?name=``, which can contain a slash, unlike a path."""
    wiki.labels.remove(viewer, found(id), request.args.get("name", ""))
    return "", 204


def remove_label(id: str, label: str) -> tuple[str, int]:
    """Remove a label."""
    wiki.labels.remove(viewer, found(id), segment(label))
    return "", 204
