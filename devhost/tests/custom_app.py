"""The fake app with content types of its own, and helpers for tests of them."""

from typing import Any

from devhost.server import LocalConfluence
from tests.fake_app import APP_KEY, DESCRIPTOR, FakeApp, serve_app

V2 = "/api/v2/custom-content"
SPACE_ID, HOME, BLOG_ID = "65538", "98421", "98441"
CUSTOMER, NOTE, DATA = (
    f"ac:{APP_KEY}:{key}" for key in ("customer", "note", "rawData")
)
STORAGE = {"representation": "storage", "value": "<p>Many words</p>"}


def declared(key: str, *containers: str, **support: Any) -> dict[str, Any]:
    return {
        "key": key,
        "name": {"value": f"Name of {key}"},
        "apiSupport": {"supportedContainerTypes": [*containers], **support},
    }


def custom_descriptor(**more: Any) -> dict[str, Any]:
    contents = [
        {
            **declared(
                "customer",
                "space",
                "page",
                "blogpost",
                supportedChildTypes=[NOTE, "comment", "attachment"],
                indexing={"enabled": True},
            ),
            "uiSupport": {
                "contentViewComponent": {"moduleKey": "viewer"},
                "icons": {"item": {"url": "/customer.png"}},
            },
        },
        declared("note", CUSTOMER, indexing={"enabled": False}),
        declared("rawData", "page", bodyType="raw", preventDuplicateTitle=True),
    ]
    viewer = {
        "key": "viewer",
        "name": {"value": "Viewer"},
        "url": "/view?id={content.id}&plugin={content.plugin}"
        "&version={content.version}&space={space.key}&more={ac.more}",
        "location": "none",
    }
    modules = {
        **DESCRIPTOR["modules"],
        "customContent": contents,
        "generalPages": [viewer],
        **more,
    }
    return {"modules": modules}


def serve_custom_app(confluence: LocalConfluence, **more: Any) -> FakeApp:
    """Return the app, not yet started; *more* are modules."""
    return serve_app(confluence, descriptor=custom_descriptor(**more))


def customer(**changes: Any) -> dict[str, Any]:
    body = {"type": CUSTOMER, "title": "Acme", "spaceId": SPACE_ID, "body": STORAGE}
    return {**body, "status": "current", **changes}


def on_page(**changes: Any) -> dict[str, Any]:
    body = customer(pageId=HOME, **changes)
    del body["spaceId"]
    return body
