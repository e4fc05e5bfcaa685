"""What every page of the site shares: header, side bar, the bridge's settings."""

from typing import Any

from flask import render_template

from devhost.conditions.evaluate import shown
from devhost.current import current_site
from devhost.modules import ADMIN_TYPES, HEADER_LOCATIONS, PAGE_TYPES, all_modules
from devhost.pages import bridge, reading
from devhost.pages.dialog_settings import dialog_settings
from devhost.users import USERS

# Nothing but our own scripts and styles; any app may be framed.
CONTENT_SECURITY_POLICY = (
    "default-src 'self'; frame-src http: https:; img-src 'self' data:; "
    "style-src 'self' 'unsafe-inline'; frame-ancestors 'none'; "
    "base-uri 'none'; form-action 'self'"
)


def render(template: str, **values: Any) -> str:
    """Render a page of the site."""
    site = current_site()
    modules = all_modules(site)
    # A page opens in no page or space, whatever page its link is on.
    pages = shown(site, [module for module in modules if module.type in PAGE_TYPES])
    place = {"content": values.get("page"), "in_space": values.get("space")}
    return render_template(
        template,
        site=site,
        site_name=site.name,
        wiki=site.context_path,
        users=USERS.values(),
        people={user.account_id: user.display_name for user in USERS.values()},
        spaces=reading.spaces(site) if site.product.has_wiki else [],
        app_pages=[
            module
            for module in pages
            if module.type == "generalPages" and module.location != "none"
        ],
        header_items=shown(
            site,
            [
                module
                for module in modules
                if module.type == "webItems"
                and module.url
                and module.location in HEADER_LOCATIONS
            ],
            **place,
        ),
        admin_pages=[module for module in pages if module.type in ADMIN_TYPES],
        **values,
    )


def boot(
    frames: list[dict[str, Any]], *, app_key: str = "", location: dict[str, Any]
) -> dict[str, Any]:
    """Return the settings of ``host.js`` on this page."""
    site = current_site()
    return {
        "contextPath": site.context_path,
        "accountId": site.user.account_id,
        "session": site.session_token,
        "frames": frames,
        "appKey": app_key,
        "location": location,
        "dialogs": dialog_settings(site),
        "missing": None if bridge.is_installed() else bridge.MISSING,
    }
