"""The app descriptor: load it, fill it in, lint it, and serve it.

``atlassian-connect.json`` stays plain JSON; what differs between deployments
(base URL, app key, name) comes from the settings.
https://developer.atlassian.com/cloud/confluence/connect-app-descriptor/
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flask import Blueprint, Flask, Response, current_app, request

from ..errors import DescriptorError
from ..inbound.policies import public

Descriptor = dict[str, Any]

bp = Blueprint("connect_descriptor", __name__)


def load_descriptor(path: Path, settings: Mapping[str, Any]) -> Descriptor:
    """Return the descriptor in *path*, filled in with this deployment's settings.

    :raises DescriptorError: if it can't be read, or is not a JSON object.
    """
    try:
        descriptor = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise DescriptorError([f"{path} can't be read: {error.strerror}"]) from None
    except ValueError as error:
        raise DescriptorError([f"is not JSON: {error}"]) from None
    if not isinstance(descriptor, dict):
        raise DescriptorError(["$ is not an object: write {...}"])
    descriptor["baseUrl"] = settings["CONNECT_BASE_URL"]
    for name, setting in (("key", "CONNECT_APP_KEY"), ("name", "CONNECT_APP_NAME")):
        if settings[setting]:
            descriptor[name] = settings[setting]
    return descriptor


def get_descriptor(app: Flask | None = None) -> Descriptor:
    """Return the descriptor of *app*, or of the current app."""
    descriptor: Descriptor = (app or current_app).extensions["connect.descriptor"]
    return descriptor


@bp.get("/atlassian-connect.json")
@public
def serve() -> Response:
    """Serve the descriptor, or answer 304 to a client that already has it."""
    body = json.dumps(get_descriptor(), indent=2)
    response = Response(body, mimetype="application/json")
    response.cache_control.no_cache = True
    response.add_etag()
    response.make_conditional(request)
    return response
