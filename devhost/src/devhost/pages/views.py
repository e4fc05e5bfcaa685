"""The pages of the wiki, and the modules on them."""

from flask import abort, redirect
from werkzeug.wrappers import Response as AnyResponse

from devhost.access_rules import is_blocked
from devhost.modules.conditions.describe import unmet_condition
from devhost.modules.iframes import frame
from devhost.modules.macros.definitions import all_macros
from devhost.modules.module import SINGLE_PAGES, find_module, single_page
from devhost.modules.places import place_of_address
from devhost.pages.chrome import boot, render, site_blueprint
from devhost.pages.custom_content import shelves
from devhost.pages.editing import child_address, edit_address
from devhost.pages.page_macros import PageMacros
from devhost.pages.placement import Placement
from devhost.pages.space_addresses import space_settings_address
from devhost.protocol.raw_target import decode_segment
from devhost.site.current import current_site
from devhost.site.installations import Installations
from devhost.site.users import find_user
from devhost.webhooks import Webhooks
from devhost.wiki import reading
from devhost.wiki.macro_messages import blocked_text

blueprint = site_blueprint("pages")


@blueprint.get("/")
def root() -> AnyResponse:
    """Redirect to the dashboard."""
    return redirect(current_site().context_path + "/")


@blueprint.get("/wiki/")
@blueprint.get("/wiki/home")
def dashboard() -> str:
    """Show the spaces and the installed apps."""
    site = current_site()
    recent = reading.recent(site) if site.product.has_wiki else []
    return render(
        "dashboard.html",
        Placement(site, ("site", "dashboard")),
        apps=site.get(Installations).enabled(),
        macro_apps={
            each.module.app.app_key for each in all_macros(site) if not each.is_hidden
        },
        recent=[(each, reading.address(each)) for each in recent],
    )


@blueprint.get("/wiki/spaces/<space_key>")
@blueprint.get("/wiki/spaces/<space_key>/overview")
@blueprint.get("/wiki/spaces/<space_key>/pages")
def space(space_key: str) -> str:
    """Show a space and its pages."""
    site = current_site()
    found = reading.find_space(site, _decoded(space_key))
    if found is None:
        abort(404, "There is no such space.")
    location = {"target": "spaceview", "context": {"spaceKey": found.key}}
    return render(
        "space.html",
        Placement(site, ("site", "space"), space=found),
        space=found,
        space_settings=space_settings_address(site, found),
        boot=boot([], location=location, space_key=found.key),
        shelves=shelves(site, found),
        **reading.space_contents(site, found),
    )


@blueprint.get("/wiki/spaces/<space_key>/pages/<page_id>")
@blueprint.get("/wiki/spaces/<space_key>/pages/<page_id>/<slug>")
@blueprint.get("/wiki/spaces/<space_key>/blog/<page_id>")
@blueprint.get("/wiki/spaces/<space_key>/blog/<page_id>/<slug>")
def page(space_key: str, page_id: str, slug: str = "") -> str:
    """Show a page with the macros of apps in it."""
    site = current_site()
    found = reading.find_content(site, page_id)
    if found is None or found.space.key != space_key:
        abort(404, "There is no such page.")
    site.get(Webhooks).viewed(found, site.user.account_id)
    macros = PageMacros(site, found)
    macros.prepare(found.body)
    shown = {
        "body": reading.body(site, found, macros.show),
        **reading.surroundings(site, found, macros.show),
    }
    location = {
        "target": "contentview",
        "context": {"contentId": found.id, "contentType": found.type},
    }
    return render(
        "page.html",
        Placement(site, ("site", "space", "content"), found, found.space),
        page=found,
        space=found.space,
        space_settings=space_settings_address(site, found.space),
        edit_address=edit_address(site, found),
        child_address=child_address(site, found),
        shelves=shelves(site, found),
        **shown,
        boot=boot(macros.frames, location=location, space_key=found.space.key),
    )


@blueprint.get("/wiki/plugins/servlet/ac/<app_key>/<module_key>")
def app_page(app_key: str, module_key: str) -> str | tuple[str, int]:
    """Show a page module, or a web item's page, in the site's chrome."""
    site = current_site()
    app_key, module_key = _decoded(app_key), _decoded(module_key)
    app = site.get(Installations).find_installed(app_key)
    if app is None:
        return _message("App not installed", f"{app_key} is not installed here.")
    if app.state == "disabled":
        return _message("App disabled", f"{app.name} is installed, but disabled.")
    module = find_module(site, app, module_key)
    if module is None:
        return _message("Page not found", f"{app.name} has no module {module_key}.")
    if not module.is_page:
        return _message(
            "Not a page", f"{module_key} is one of {module.type}, which have no page."
        )
    place = place_of_address(site, module)
    if is_blocked(site, app_key, place.space):
        return _message("Blocked by a policy", blocked_text(module.title), 403)
    if unmet := unmet_condition(site, module, place):
        return _message(
            "Not permitted",
            f"The condition {unmet} of {module.title} does not hold here "
            f"for {site.user.display_name}.",
            403,
        )
    context = {"addonKey": app_key, "moduleKey": module_key}
    location = {"target": "addonmodule", "context": context}
    settings = boot(
        [frame(site, place, "app-page")],
        app_key=app_key,
        location=location,
        space_key=place.space.key if place.space else None,
    )
    placed = Placement(site, ("site",), place.content, place.space)
    return render(
        "app_page.html",
        placed,
        module=module,
        space=place.space,
        space_settings=place.space and space_settings_address(site, place.space),
        boot=settings,
    )


@blueprint.get("/wiki/admin")
def administration() -> str | tuple[str, int]:
    """Show the administrator the settings that apps bring."""
    if not current_site().user.is_administrator:
        return _message(
            "Not permitted", "Only the administrator may see the settings.", 403
        )
    site = current_site()
    entries = [
        (app, *(single_page(site, app, kind) for kind in SINGLE_PAGES))
        for app in site.get(Installations).enabled()
    ]
    return render("admin.html", Placement(site, ("site", "admin")), app_entries=entries)


@blueprint.get("/wiki/people/<account_id>")
def profile(account_id: str) -> str:
    """Show a person."""
    person = find_user(_decoded(account_id))
    if person is None:
        abort(404, "There is no such person.")
    return render(
        "person.html", Placement(current_site(), ("site", "person")), person=person
    )


def _decoded(segment: str) -> str:
    try:
        return decode_segment(segment)
    except UnicodeDecodeError:
        abort(404, "There is no such address.")


def _message(title: str, message: str, status: int = 404) -> tuple[str, int]:
    return render("message.html", title=title, message=message), status
