"""The locations on Confluence's pages that a module's ``location`` can name.

https://developer.atlassian.com/cloud/confluence/extension-point-locations/ and
https://developer.atlassian.com/cloud/confluence/modules/space-tools-tab/

A location is a place, such as ``system.content.action``, and perhaps a section of
it, such as ``system.content.action/primary``. Assumed: a section that an app
declares (``webSections``) is named by its key, with or without the app's key in
front (``app-key__section-key``), alone or after its own location.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Area:
    """A part of our pages, and the locations of Confluence that are shown there.

    ``on`` says which pages have it: site, dashboard, space, content, person, admin,
    space-tools or editor.
    """

    name: str
    description: str
    on: str
    locations: tuple[str, ...]


LINK_AREAS = (
    Area(
        "header",
        "the bar at the top of every page",
        "site",
        ("system.header/left", "system.header", "system.top.navigation.bar"),
    ),
    Area(
        "help",
        "the Help menu of every page",
        "site",
        ("system.help/pages", "system.help"),
    ),
    Area("apps", "the Apps menu of every page", "site", ("system.browse",)),
    Area(
        "user",
        "the menu of the person who is logged in",
        "site",
        ("system.user.options", "system.user"),
    ),
    Area("profile", "the tabs of a person's page", "person", ("system.profile",)),
    Area(
        "dashboard",
        "the top of the home page",
        "dashboard",
        ("system.dashboard.button", "system.dashboard"),
    ),
    Area(
        "content-action",
        "the … menu of a page",
        "content",
        ("system.content.action", "system.page.actions"),
    ),
    Area(
        "content-button",
        "the buttons of a page, next to its … menu",
        "content",
        ("system.content.button",),
    ),
    Area(
        "content-banner",
        "the line above the title of a page",
        "content",
        ("page.metadata.banner", "atl.page.metadata.banner", "system.content.metadata"),
    ),
    Area(
        "selection",
        "the box next to text that is selected on a page",
        "content",
        ("page.view.selection/action-panel", "page.view.selection"),
    ),
    Area("comment", "below each comment", "content", ("system.comment.action",)),
    Area("attachment", "next to each attachment", "content", ("system.attachment",)),
    Area(
        "space-side",
        "the side bar of a space",
        "space",
        ("system.space.sidebar", "system.space.advanced"),
    ),
    Area(
        "space-action",
        "the … menu of a space",
        "space",
        ("system.space.actions", "system.space.pages", "system.space.labels"),
    ),
    Area(
        "space-tools",
        "the settings of a space",
        "space-tools",
        ("system.space.tools", "system.space.admin"),
    ),
    Area(
        "admin",
        "the settings of the site",
        "admin",
        ("system.admin", "admin_plugins_menu", "top_system_section"),
    ),
    Area(
        "editor",
        "the bar of the editor",
        "editor",
        (
            "system.editor.precursor.buttons",
            "system.editor",
            "atl.editor.savebar",
            "system.editor.action",
        ),
    ),
)
PANEL_AREAS = (
    Area("site-top", "the top of every page", "site", ("atl.general", "atl.header")),
    Area("site-bottom", "the end of every page", "site", ("atl.footer",)),
    Area("dashboard-panels", "the home page", "dashboard", ("atl.dashboard",)),
    Area(
        "content-bottom",
        "the end of a page",
        "content",
        (
            "atl.comments.view",
            "atl.page.content.bottom",
            "atl.page.bottom",
            "atl.page.footer",
        ),
    ),
    Area(
        "content-top",
        "the top of a page",
        "content",
        (
            "atl.page.metadata.banner",
            "page.metadata.banner",
            "atl.page.content.top",
            "atl.page.top",
            "atl.page.header",
        ),
    ),
    Area(
        "content-right",
        "the right side of a page",
        "content",
        ("atl.page", "atl.content"),
    ),
    Area(
        "space-panels",
        "the side bar of a space",
        "space",
        ("atl.space", "atl.confluence.sidebar", "system.space.sidebar"),
    ),
    Area(
        "profile-panels",
        "a person's page",
        "person",
        ("atl.userprofile", "atl.user", "atl.profile"),
    ),
    Area("editor-panels", "the editor", "editor", ("atl.editor",)),
)
# Confluence's own sections that have a display name.
SECTION_LABELS = {
    "system.admin/marketplace_confluence": "Marketplace",
    "system.admin/configuration": "Configuration",
    "system.admin/globalsettings": "Configuration",
    "system.admin/security": "Users and security",
    "system.admin/lookandfeel": "Look and feel",
    "system.admin/administration": "Administration",
    "system.space.tools/overview": "Overview",
    "system.space.tools/permissions": "Permissions",
    "system.space.tools/contenttools": "Content tools",
    "system.space.tools/lookandfeel": "Look and feel",
    "system.space.tools/integrations": "Integrations",
    "system.space.tools/addons": "Apps",
    "system.user/user-preferences": "Settings",
    "system.user/user-content": "Your content",
}
NOWHERE = "none"
# The place of a page's link if the descriptor names no location.
DEFAULT_LOCATIONS = {
    "generalPages": "system.help/pages",
    "adminPages": "system.admin/marketplace_confluence",
    "spaceToolsTabs": "system.space.tools/addons",
}
SPACE_TOOLS = "system.space.tools"


def is_within(location: str, place: str) -> bool:
    """Whether *location* is *place* or something below it."""
    return location == place or location.startswith((f"{place}/", f"{place}."))


def find_area(location: str, areas: tuple[Area, ...]) -> Area | None:
    """Return the area that shows modules with *location*, or None.

    Of several areas, the one that names the location most exactly wins.
    """
    matches = [
        (len(place), area)
        for area in areas
        for place in area.locations
        if is_within(location, place)
    ]
    return max(matches, key=lambda match: match[0])[1] if matches else None
