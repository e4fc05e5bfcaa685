"""The scenes: each has a function that opens a page for its picture."""

from collections.abc import Callable
from dataclasses import dataclass

from playwright.sync_api import Page, expect

from tools.screenshots.stack import Stack

WIKI_PAGE = "/wiki/spaces/DS/pages/98421"
EDITOR = "/wiki/spaces/DS/pages/edit-v2/98421"
ESTABLISHED = "body[data-bridge=established]"


class SceneError(Exception):
    """The app has nothing for a scene to show; the message says what is missing."""


@dataclass(frozen=True)
class Scene:
    """A page to take a picture of."""

    name: str
    shows: str
    go: Callable[[Page, Stack], None]
    is_dark_too: bool = False
    """Whether there is a second picture in dark mode."""

    def pictures(self) -> dict[str, str]:
        """Return the file names, with the colour scheme of each."""
        found = {f"{self.name}.png": "light"}
        return found | ({f"{self.name}-dark.png": "dark"} if self.is_dark_too else {})


def _open(path: str) -> Callable[[Page, Stack], None]:
    def go(page: Page, stack: Stack) -> None:
        page.goto(stack.site + path)

    return go


def _open_module(module_type: str) -> Callable[[Page, Stack], None]:
    def go(page: Page, stack: Stack) -> None:
        address = stack.address_of(module_type)
        if address is None:
            raise SceneError(f"the app has no {module_type}")
        page.goto(address)
        _wait_for_app(page)

    return go


def _wait_for_app(page: Page) -> None:
    page.wait_for_selector(ESTABLISHED)
    page.wait_for_load_state("networkidle")


def _macro_page(page: Page, stack: Stack) -> None:
    """Insert the app's first macro into a wiki page, with the macro browser."""
    page.goto(stack.site + WIKI_PAGE)
    if page.locator(".macro-frame").count() == 0:
        _browse_macros(page, stack)
        page.locator(".macro-card").first.click()
        page.locator(".editor-dialog button.primary").click()
        page.locator(".editor-dialog").wait_for(state="detached")
        page.locator("#macros .macro-line").first.wait_for()
        page.get_by_role("button", name="Update", exact=True).click()
        page.wait_for_url(f"**{WIKI_PAGE}*")
    _wait_for_app(page)


def _browse_macros(page: Page, stack: Stack) -> None:
    page.goto(stack.site + EDITOR)
    page.locator("#body").press("Control+End")
    page.get_by_role("button", name="Insert macro").click()
    if page.locator(".macro-card").count() == 0:
        raise SceneError("the app has no macro")


def _inspector(page: Page, stack: Stack) -> None:
    """Open the signed install, whose token is masked."""
    page.goto(f"{stack.site}/devhost/inspector")
    page.locator("#lines tr", has_text="/installed").last.click()
    page.locator("#detail pre").first.wait_for()


def _webhooks(page: Page, stack: Stack) -> None:
    """Fire an event that the app subscribes to, or any if there is no such event."""
    page.goto(f"{stack.site}/devhost/webhooks")
    expect(page.locator("#body")).not_to_have_value("")
    if page.locator("#lines tr").count() == 0:
        page.get_by_role("button", name="Fire", exact=True).click()
        page.locator("#lines .lozenge.enabled").first.wait_for()
        page.get_by_role("button", name="Fire an event").click()


def _faults(page: Page, stack: Stack) -> None:
    """Show a fault switched on, for calls that nothing makes."""
    fault = {"path": "/rest/api/content/{id}", "seconds": 3}
    stack.put("/devhost/api/faults/slow", fault)
    page.goto(f"{stack.site}/devhost/faults")


def _access_rules(page: Page, stack: Stack) -> None:
    page.goto(f"{stack.site}/wiki/admin/app-access-rules")
    page.get_by_label("Blocked in these spaces").first.check()
    page.get_by_label("Leadership").first.check()


SCENES = [
    Scene("home", "Spaces, pages that changed lately, and the apps", _open("/wiki/")),
    Scene(
        "app-page",
        "A page of the app, with Atlassian's JavaScript bridge",
        _open_module("generalPages"),
        is_dark_too=True,
    ),
    Scene(
        "wiki-page",
        "A page of the wiki that carries a macro of the app",
        _macro_page,
        is_dark_too=True,
    ),
    Scene("editor", "A page in the editor, and the macros it carries", _open(EDITOR)),
    Scene("macro-browser", "The macro browser", _browse_macros),
    Scene("space", "A space", _open("/wiki/spaces/ORC")),
    Scene(
        "space-settings",
        "The settings of a space, where the tabs of apps are",
        _open("/wiki/spaces/viewspacesummary.action?key=DS"),
    ),
    Scene("admin-page", "An admin page of the app", _open_module("adminPages")),
    Scene("access-rules", "App access rules", _access_rules),
    Scene(
        "manage-apps",
        "Install, upgrade, disable, rotate the secret, change the licence",
        _open("/devhost/"),
        is_dark_too=True,
    ),
    Scene(
        "inspector",
        "Every message in both directions, with its token decoded",
        _inspector,
        is_dark_too=True,
    ),
    Scene("webhooks", "Deliveries of webhooks; fire any event", _webhooks),
    Scene("faults", "Break things on purpose", _faults),
    Scene(
        "assumptions",
        "What no page of Atlassian settles",
        _open("/devhost/assumptions"),
    ),
]
