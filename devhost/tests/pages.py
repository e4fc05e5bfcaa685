"""Pages of the local Confluence, as a test reads them and their script calls."""

import json
import re
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import jwt
import requests

from devhost.server import LocalConfluence


def boot(page: requests.Response) -> dict[str, Any]:
    """Return the settings of the page's script."""
    found = re.search(r'id="boot">(.*?)</script>', page.text, re.DOTALL)
    assert found
    settings: dict[str, Any] = json.loads(found[1])
    return settings


def claims_of(url: str, secret: str) -> dict[str, Any]:
    """Return the claims of the token in an iframe's URL."""
    token = dict(parse_qsl(urlsplit(url).query))["jwt"]
    claims: dict[str, Any] = jwt.decode(token, secret, algorithms=["HS256"])
    return claims


def from_page(confluence: LocalConfluence, path: str, body: Any) -> requests.Response:
    """Call an endpoint that is only for the page's script."""
    headers = {"X-Devhost-Session": confluence.site.session_token}
    url = f"{confluence.origin}/devhost/api/{path}"
    return requests.post(url, json=body, headers=headers, timeout=30)
