"""A small Connect app that verifies what it receives, independently of devhost."""

import threading
import time
from dataclasses import dataclass, field
from typing import Any, Self

import jwt
import requests
from atlassian_jwt.url_utils import hash_url
from flask import Flask, Response, request
from werkzeug.serving import make_server

from devhost.server import LocalConfluence

APP_KEY = "com.example.fake"

PAGE = """<!doctype html><html><head><title>Fake</title>
<script src="{all_js}" data-options="sizeToParent:true"></script></head>
<body><h1>Fake app page</h1><p id="args">{args}</p></body></html>"""

DESCRIPTOR: dict[str, Any] = {
    "key": APP_KEY,
    "name": "Fake App",
    "authentication": {"type": "jwt"},
    "apiMigrations": {"signed-install": True, "context-qsh": True, "gdpr": True},
    "lifecycle": {
        "installed": "/installed",
        "uninstalled": "/uninstalled",
        "enabled": "/enabled",
        "disabled": "/disabled",
    },
    "scopes": ["ADMIN"],
    "modules": {
        "generalPages": [
            {"key": "main", "name": {"value": "Fake Page"}, "url": "/page?a=1&b=%20x"}
        ],
        "adminPages": [
            {"key": "admin", "name": {"value": "Fake Admin"}, "url": "/admin"}
        ],
        "dynamicContentMacros": [
            {
                "key": "macro",
                "name": {"value": "Fake Macro"},
                "url": "/macro?page={content.id}&space={space.key}&c={color}&n={nope}"
                "&m={macro.id}&t={page.title}",
                "width": "100%",
                "height": "120px",
                "parameters": [
                    {
                        "identifier": "color",
                        "name": {"value": "Colour"},
                        "type": "string",
                        "defaultValue": "deep blue & green",
                    }
                ],
            }
        ],
    },
}


@dataclass
class Received:
    """A lifecycle callback, verified."""

    event: str
    body: dict[str, Any]
    claims: dict[str, Any]
    header: dict[str, Any]


@dataclass
class FakeApp:
    """The app on a thread; what it received, and what it shall answer."""

    base_path: str = ""
    descriptor: dict[str, Any] = field(default_factory=dict)
    received: list[Received] = field(default_factory=list)
    pages: list[dict[str, Any]] = field(default_factory=list)
    answers: dict[str, int] = field(default_factory=dict)
    # The answers to remote conditions by name, and who asked.
    conditions: dict[str, tuple[str, int]] = field(default_factory=dict)
    asked: list[Any] = field(default_factory=list)
    key_server: str = ""
    # An event that is not answered before this is set.
    hanging: str = ""
    # Set once such an event has arrived.
    arrived: threading.Event = field(default_factory=threading.Event)
    go_on: threading.Event = field(default_factory=threading.Event)
    all_js: str = ""

    def __post_init__(self) -> None:
        """Bind a port and write the descriptor."""
        self._server = make_server("127.0.0.1", 0, self._flask(), threaded=True)
        self.base_url = f"http://127.0.0.1:{self._server.port}{self.base_path}"
        self.descriptor = {**DESCRIPTOR, "baseUrl": self.base_url, **self.descriptor}
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))

    @property
    def descriptor_url(self) -> str:
        return f"{self.base_url}/atlassian-connect.json"

    @property
    def secret(self) -> str:
        """The newest shared secret."""
        return str(self.events("installed")[-1].body["sharedSecret"])

    def events(self, *names: str) -> list[Received]:
        return [one for one in self.received if one.event in names]

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _flask(self) -> Flask:
        app = Flask("fake_app")
        base = self.base_path
        app.add_url_rule(f"{base}/atlassian-connect.json", view_func=self._describe)
        app.add_url_rule(f"{base}/<event>", view_func=self._lifecycle, methods=["POST"])
        rule = f"{base}/conditions/<name>"
        app.add_url_rule(rule, endpoint="condition", view_func=self._condition)
        app.add_url_rule(f"{base}/<page>", endpoint="page", view_func=self._page)
        return app

    def _describe(self) -> dict[str, Any]:
        return self.descriptor

    def _hash(self) -> str:
        target = request.environ["RAW_URI"].removeprefix(self.base_path)
        return str(hash_url(request.method, target))

    def _lifecycle(self, event: str) -> Response:
        scheme, token = request.headers["Authorization"].split(" ")
        assert scheme == "JWT"
        header = jwt.get_unverified_header(token)
        body = request.get_json()
        if event in {"installed", "uninstalled"}:
            key = requests.get(f"{self.key_server}/{header['kid']}", timeout=30).text
            claims = jwt.decode(
                token,
                key,
                algorithms=["RS256"],
                audience=self.base_url,
                options={"require": ["iss", "aud", "sub", "qsh", "iat", "exp"]},
            )
        else:
            claims = jwt.decode(token, self.secret, algorithms=["HS256"])
        assert claims["qsh"] == self._hash()
        if event == self.hanging:
            self.arrived.set()
            self.go_on.wait(30)
        self.received.append(Received(event, body, claims, header))
        return Response(status=self.answers.get(event, 204))

    def _condition(self, name: str) -> tuple[str, int]:
        scheme, token = request.headers["Authorization"].split(" ")
        assert scheme == "JWT"
        claims = jwt.decode(token, self.secret, algorithms=["HS256"])
        assert claims["qsh"] == self._hash()
        self.asked.append({**request.args, "claims": claims})
        return self.conditions[name]

    def _page(self, page: str) -> Response:
        token = request.args.get("jwt", "")
        args: dict[str, Any] = dict(request.args)
        if token:
            claims = jwt.decode(token, self.secret, algorithms=["HS256"])
            assert claims["qsh"] == self._hash()
            args["claims"] = claims
        self.pages.append({"page": page, **args})
        html = PAGE.format(all_js=self.all_js, args=request.args.get("page", ""))
        return Response(html, mimetype="text/html")


def serve_app(confluence: LocalConfluence, **settings: Any) -> FakeApp:
    return FakeApp(
        key_server=f"{confluence.origin}/install-keys",
        all_js=f"{confluence.base_url}/atlassian-connect/all.js",
        **settings,
    )


def sign(app: FakeApp, method: str, path: str, **claims: Any) -> str:
    """Sign a call of the app; a claim of None is left out."""
    now = int(time.time())
    all_claims = {
        "iss": APP_KEY,
        "iat": now,
        "exp": now + 180,
        "qsh": hash_url(method, path),
        **claims,
    }
    kept = {name: value for name, value in all_claims.items() if value is not None}
    return jwt.encode(kept, app.secret, algorithm="HS256")
