"""The app descriptor: loaded, filled in, linted and served.

``atlassian-connect.json`` stays plain JSON; what differs between deployments
(base URL, app key, name) comes from the settings.
https://developer.atlassian.com/cloud/confluence/connect-app-descriptor/
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, current_app, request

from ..errors import DescriptorError
from ..inbound.policies import public

Descriptor = dict[str, Any]

bp = Blueprint("connect_descriptor", __name__)


def load_descriptor(path: Path, settings: Mapping[str, Any]) -> Descriptor:
    """Return the descriptor of *path* with the settings of this deployment.

    :raises DescriptorError: if it can't be read, or is no JSON object.
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


@bp.get("/atlassian-connect.json")
@public
def serve() -> Response:
    """Serve the descriptor, or 304 to whom already has it."""
    body = json.dumps(current_app.extensions["connect-descriptor"], indent=2)
    response = Response(body, mimetype="application/json")
    response.cache_control.no_cache = True
    response.add_etag()
    response.make_conditional(request)
    return response
