"""The address of a content of an app's own type.

It redirects to the app's page for it; without such a page, it shows what is stored.
"""

from urllib.parse import urlencode

from flask import abort, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from devhost.modules.module import all_modules
from devhost.modules.places import CUSTOM as CUSTOM_DATA
from devhost.pages.chrome import render, site_blueprint
from devhost.pages.custom_content import find_declared, shelves, view_page
from devhost.pages.placement import Placement
from devhost.pages.space_addresses import space_settings_address
from devhost.site import Site
from devhost.site.current import current_site
from devhost.wiki import reading
from devhost.wiki.records import Content

ROOT = "/wiki/spaces/<space_key>/custom-content/<content_id>"

blueprint = site_blueprint("custom_content")


@blueprint.get(ROOT)
@blueprint.get(f"{ROOT}/<slug>")
def show(space_key: str, content_id: str, slug: str = "") -> str | AnyResponse:
    """Redirect to the ``contentViewComponent`` of a content, or show its body."""
    site = current_site()
    found = reading.find_any(site, content_id)
    if found is None or not found.is_custom or found.space.key != space_key:
        abort(404, "There is no such content.")
    modules = all_modules(site)
    declared = find_declared(modules, found)
    page = declared and view_page(declared, modules)
    if page is not None:
        return redirect(f"{page.address}?{_parameters(found)}")
    return render(
        "custom_content.html",
        Placement(site, ("site", "space"), space=found.space),
        content=found,
        type_name=declared.title if declared else found.type,
        space=found.space,
        space_settings=space_settings_address(site, found.space),
        above=[(each, reading.address(each)) for each in _above(site, found)],
        body=None if found.is_raw else reading.body(site, found),
        shelves=shelves(site, found),
        **{
            name: part
            for name, part in reading.surroundings(site, found).items()
            if name in {"attachments", "comments", "labels"}
        },
    )


def _above(site: Site, found: Content) -> list[Content]:
    """Return the containers of a content, the outermost first."""
    line: list[Content] = []
    within = reading.find_any(site, found.container_id)
    while within is not None:
        line.insert(0, within)
        within = reading.find_any(site, within.container_id)
    return line


def _parameters(found: Content) -> str:
    given = {
        name: value
        for name, value in request.args.items()
        if name.startswith(CUSTOM_DATA)
    }
    return urlencode({"content.id": found.id, "space.key": found.space.key, **given})
