"""An app with a module of nearly every type, at nearly every location."""

from typing import Any

from devhost.server import LocalConfluence
from tests.bridge_app import BridgeApp, serve_bridge_app

MODULE_KEY = "com.example.modules"


def named(key: str, **more: Any) -> dict[str, Any]:
    return {"key": key, "name": {"value": f"Name of {key}"}, **more}


def item(key: str, location: str, **more: Any) -> dict[str, Any]:
    return named(key, location=location, **{"url": f"/{key}", **more})


def dialog_target(kind: str, **options: Any) -> dict[str, Any]:
    return {"type": kind, "options": options}


MODULES: dict[str, Any] = {
    "generalPages": [
        named("default-page", url="/default-page?data={ac.colour}"),
        item("hidden-page", "none"),
        item("page-of-content", "system.content.action/primary"),
        named(
            "viewer", url="/viewer?id={content.id}&space={space.key}", location="none"
        ),
    ],
    "adminPages": [
        named("admin-page", url="/admin-page"),
        item("admin-looks", "system.admin/lookandfeel", weight=1),
    ],
    "configurePage": named("configure", url="/configure"),
    "postInstallPage": named("get-started", url="/get-started"),
    "spaceToolsTabs": [
        named("tab", url="/tab?key={space.key}", location="contenttools"),
        named("light-tab", url="/light-tab", location="contenttools", weight=1),
    ],
    "webSections": [
        named("own-section", location="system.content.action", weight=5),
    ],
    "webItems": [
        item("heavy", "system.content.action", weight=900),
        item("light", "system.content.action", weight=1),
        item("in-section", f"system.content.action/{MODULE_KEY}__own-section"),
        item(
            "context-item",
            "system.content.action",
            url="/context?page={page.id}&space={space.key}",
        ),
        item("to-page", "system.content.action", url="viewer", context="page"),
        item(
            "to-product",
            "system.content.action",
            url="/pages/viewinfo.action?pageId={content.id}",
            context="product",
        ),
        item(
            "dialog-item",
            "system.content.button",
            target=dialog_target("dialog", width="400px", height="300px"),
            tooltip={"value": "Opens a dialog"},
            icon={"url": "/icon.png", "width": 20, "height": 20},
            styleClasses=["own-style"],
        ),
        item(
            "inline-item",
            "page.metadata.banner",
            target=dialog_target("inlineDialog", width="240px"),
        ),
        named(
            "module-item",
            location="system.content.button",
            target=dialog_target("dialogmodule", key="box"),
        ),
        item("in-header", "system.header/left"),
        item("in-help", "system.help/pages"),
        item("in-user-menu", "system.user/user-preferences"),
        item("in-profile", "system.profile"),
        item("in-space", "system.space.sidebar/main-links"),
        item("in-space-menu", "system.space.actions"),
        item("on-dashboard", "system.dashboard.button"),
        item("in-comment", "system.comment.action"),
        item("on-attachment", "system.attachment"),
        item(
            "on-selection",
            "page.view.selection/action-panel",
            target=dialog_target("dialog"),
        ),
        item("in-editor", "atl.editor.savebar"),
        item("in-apps", "system.browse"),
        item("nowhere", "system.of.another.product"),
    ],
    "webPanels": [
        item("everywhere", "atl.general", layout={"width": "50%", "height": "60px"}),
        item("footer-panel", "atl.footer"),
        item("right-panel", "atl.page.right", url="/right?id={content.id}"),
        item("end-panel", "atl.comments.view.bottom"),
        item("home-panel", "atl.dashboard.secondary"),
        item("space-panel", "atl.space.sidebar"),
        item("top-panel", "atl.page.metadata.banner"),
        item("editor-panel", "atl.editor"),
        item("person-panel", "atl.userprofile"),
    ],
    "contentBylineItems": [
        named(
            "byline",
            url="/byline",
            target=dialog_target("inlineDialog"),
            tooltip={"value": "A tooltip"},
            contentPropertyKey="byline-look",
        )
    ],
    "dialogs": [
        {
            "key": "box",
            "url": "/box",
            "options": {"size": "small", "header": {"value": "The box"}},
        }
    ],
    "customContent": [
        named(
            "customer",
            uiSupport={
                "listViewComponent": {"moduleKey": "viewer"},
                "icons": {"item": {"url": "/customer.png"}},
            },
            apiSupport={"supportedContainerTypes": ["space"]},
        ),
        named("note", apiSupport={"supportedContainerTypes": ["page"]}),
    ],
    "keyboardShortcuts": [
        named("to-viewer", shortcut="gv", target={"key": "default-page"}),
        named("to-box", shortcut="x", target={"key": "box"}),
        named("to-item", shortcut="q", target={"key": "dialog-item"}),
        named("to-nothing", shortcut="z", target={"key": "nothing"}),
    ],
    "dynamicContentMacros": [],
}


def serve_module_app(confluence: LocalConfluence) -> BridgeApp:
    """Return the app, not yet started."""
    return serve_bridge_app(confluence, MODULE_KEY, **MODULES)
