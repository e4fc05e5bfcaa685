"""A small app whose pages use every part of the bridge."""

from typing import Any

from flask import Response, request

from devhost.server import LocalConfluence
from tests.fake_app import FakeApp

PAGE = """<!doctype html><html><head><title>Bridge</title>
<script src="{all_js}" data-options="{options}"></script></head>
<body>{body}</body></html>"""
TEXT = '<div style="height: {height}px">An app page</div>'

BRIDGE_KEY = "com.example.bridge"


def macro(key: str, url: str, **more: Any) -> dict[str, Any]:
    return {"key": key, "name": {"value": f"Macro {key}"}, "url": url, **more}


MODULES: dict[str, Any] = {
    "generalPages": [{"key": "main", "name": {"value": "Bridge"}, "url": "/main"}],
    "dialogs": [
        {
            "key": "box",
            "url": "/box",
            "options": {
                "size": "small",
                "chrome": True,
                "header": {"value": "From the descriptor"},
            },
        },
        {"key": "bare", "url": "/bare", "options": {"width": "300px", "chrome": False}},
    ],
    "webItems": [
        {
            "key": "item",
            "name": {"value": "An item"},
            "location": "none",
            "url": "/item",
            "target": {"type": "inlineDialog", "options": {"width": "240px"}},
        }
    ],
    "dynamicContentMacros": [
        macro(
            "one",
            "/one",
            parameters=[
                {
                    "identifier": "color",
                    "name": {"value": "Colour"},
                    "type": "string",
                    "defaultValue": "blue",
                }
            ],
        ),
        macro("two", "/two"),
    ],
}


class BridgeApp(FakeApp):
    """The app; ``?height=`` and ``?options=`` of a module URL change its page."""

    def _page(self, page: str) -> Response:
        height = int(request.args.get("height", "40"))
        content = TEXT.format(height=height)
        if request.args.get("container"):
            content = f'<div class="ac-content">{content}</div>'
        options = request.args.get("options", "")
        html = PAGE.format(all_js=self.all_js, options=options, body=content)
        return Response(html, mimetype="text/html")


def serve_bridge_app(
    confluence: LocalConfluence, key: str = BRIDGE_KEY, **modules: Any
) -> BridgeApp:
    """Return the app, not yet started; *modules* replace its own of a type."""
    return BridgeApp(
        key_server=f"{confluence.origin}/install-keys",
        all_js=f"{confluence.base_url}/atlassian-connect/all.js",
        descriptor={
            "key": key,
            "name": key,
            "scopes": ["READ", "WRITE", "DELETE"],
            "modules": {**MODULES, **modules},
        },
    )
