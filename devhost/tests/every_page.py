"""Every page of the local Confluence, with content, in a browser."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests
from playwright.sync_api import Browser, Page

import devhost
from devhost.server import LocalConfluence
from devhost.site.users import ADMINISTRATOR
from devhost.wiki import Wiki
from devhost.wiki.editor import NewContent
from tests.module_app import MODULE_KEY, serve_module_app

AXE = Path(devhost.__file__).parent / "node_modules" / "axe-core" / "axe.min.js"
VIEWS = [(width, mode) for width in (1280, 800) for mode in ("light", "dark")]
SERVLET = f"/wiki/plugins/servlet/ac/{MODULE_KEY}"
PAGES = {
    "home": "/wiki/",
    "space": "/wiki/spaces/DS",
    "page": "/wiki/spaces/DS/pages/98421",
    "long-page": "/wiki/spaces/ORC/pages/{long}",
    "custom-content": "/wiki/spaces/ORC/custom-content/{content}",
    "editor": "/wiki/spaces/DS/pages/edit-v2/98421",
    "create": "/wiki/spaces/DS/create",
    "space-settings": "/wiki/spaces/viewspacesummary.action?key=DS",
    "space-tab": f"{SERVLET}/tab?space.key=DS",
    "app-page": f"{SERVLET}/default-page",
    "admin-page": f"{SERVLET}/admin-page",
    "missing": "/wiki/plugins/servlet/ac/com.example.none/none",
    "settings": "/wiki/admin",
    "access-rules": "/wiki/admin/app-access-rules",
    "profile": "/wiki/people/557058:devhost-administrator",
    "desk": "/devhost/",
    "inspector": "/devhost/inspector",
    "webhooks": "/devhost/webhooks",
    "faults": "/devhost/faults",
    "assumptions": "/devhost/assumptions",
}
# A name that is too long for any place.
LONG = "Donaudampfschifffahrtsgesellschaftskapitaensmuetzenabzeichen" * 2


@contextmanager
def site_with_everything() -> Iterator[tuple[LocalConfluence, dict[str, str]]]:
    """Yield a host with an app on every page, and the addresses of its pages."""
    with LocalConfluence() as confluence, serve_module_app(confluence) as app:
        origin = confluence.origin
        install = {"descriptorUrl": app.descriptor_url}
        _send("POST", f"{origin}/devhost/api/install", install)
        _send("PUT", f"{origin}/devhost/api/faults/slow", {"path": "/rest/nothing"})
        long = _create_long_page(confluence)
        made = {"long": long, "content": _create_content(confluence, long)}
        yield (
            confluence,
            {name: origin + path.format(**made) for name, path in PAGES.items()},
        )


def _create_long_page(confluence: LocalConfluence) -> str:
    wiki = confluence.site.get(Wiki)
    viewer = wiki.viewer(ADMINISTRATOR)
    space = wiki.spaces.find(viewer, "ORC")
    assert space is not None
    row = "<tr>" + f"<td>{LONG}</td>" * 4 + "</tr>"
    body = f"<p>{LONG}</p><table><tbody>{row}</tbody></table>"
    return wiki.editor.create(viewer, NewContent("page", space, LONG, body)).id


def _create_content(confluence: LocalConfluence, page_id: str) -> str:
    wiki = confluence.site.get(Wiki)
    viewer = wiki.viewer(ADMINISTRATOR)
    page = wiki.contents.get(viewer, page_id)
    key, body = f"ac:{MODULE_KEY}:note", f"<p>{LONG}</p>"
    new = NewContent(key, page.space, LONG, body, container=page)
    return wiki.custom.create(viewer, new, representation="storage").id


def _send(method: str, url: str, body: dict[str, Any]) -> None:
    answer = requests.request(method, url, json=body, timeout=30)
    assert answer.ok, answer.text


FOCUSABLE = (
    "a[href], button:enabled, input:not([type=hidden], [type=radio]):enabled, "
    "select, textarea, summary, [tabindex='0']"
)


@contextmanager
def still_tab(browser: Browser) -> Iterator[Page]:
    """Yield a browser page without animations."""
    context = browser.new_context(reduced_motion="reduce")
    yield context.new_page()
    context.close()


def open_still(page: Page, address: str) -> None:
    """Open a page, and wait for the iframes that its script puts there."""
    page.goto(address)
    page.locator(".frame:not(:has(iframe))").first.wait_for(state="detached")


def look(page: Page, width: int, mode: str) -> None:
    """Set the window's width, and light or dark mode."""
    page.set_viewport_size({"width": width, "height": 800})
    page.emulate_media(color_scheme="dark" if mode == "dark" else "light")
    page.wait_for_selector(f"html[data-color-mode={mode}]", state="attached")


def axe_source() -> str:
    """Return axe-core's script; if it is missing, fail in CI and skip elsewhere."""
    if not AXE.is_file():
        message = "axe-core is not installed: run `make install`"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    return AXE.read_text("utf-8")


def violations(page: Page, *, only_colors: bool = False) -> list[str]:
    """Return the violations that axe-core finds on the page, or those of its colors.

    The apps' pages in the iframes are not the host's, and are left out.
    """
    options: dict[str, Any] = {"iframes": False, "resultTypes": ["violations"]}
    if only_colors:
        options["runOnly"] = ["color-contrast", "link-in-text-block"]
    found = page.evaluate("options => axe.run(document, options)", options)
    return [
        f"{rule['id']} ({rule['impact']}): {node['target']} {node['html'][:160]}"
        f" {node['failureSummary'][:240]}"
        for rule in found["violations"]
        for node in rule["nodes"]
    ]
