"""Creating a page, empty or from a template that an app brings."""

from flask import abort, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from devhost.modules.blueprints import (
    BlueprintError,
    Draft,
    goes_to_editor,
    instantiate,
)
from devhost.modules.module import Module
from devhost.pages.chrome import render, site_blueprint
from devhost.pages.editing import editor_address, show_draft
from devhost.pages.placement import Placement
from devhost.pages.space_addresses import (
    CREATE,
    create_address,
    space_settings_address,
)
from devhost.protocol.raw_target import decode_segment
from devhost.site import Site
from devhost.site.current import current_site
from devhost.wiki import Wiki, reading
from devhost.wiki.editor import NewContent
from devhost.wiki.errors import WikiError
from devhost.wiki.records import Space

TYPE = "blueprints"

blueprint = site_blueprint("create_page")


@blueprint.get(CREATE)
def choose(space_key: str) -> str:
    """Show the templates, and a link to an empty page."""
    return _form(_space(space_key))


@blueprint.post(CREATE)
def create(space_key: str) -> AnyResponse | str | tuple[str, int]:
    """Create the page, or first show the editor with the template's result."""
    site, space = current_site(), _space(space_key)
    title = request.form.get("title", "").strip()
    draft = Draft(title, request.form.get("body", ""))
    try:
        if "template" in request.form:
            module = _chosen(site, space, request.form["template"])
            made = instantiate(site, module, space)
            draft = Draft(title or made.title or _free(site, space, module), made.body)
            if goes_to_editor(module):
                return show_draft(space, draft.title, draft.body, template=module.title)
        page = site.get(Wiki).editor.create(
            reading.viewer_of(site), NewContent("page", space, draft.title, draft.body)
        )
    except (BlueprintError, WikiError) as error:
        if "template" in request.form:
            return _form(space, title, str(error)), 400
        return show_draft(space, title, draft.body, problem=f"{error}."), 400
    return redirect(reading.address(page), 303)


def _form(space: Space, title: str = "", error: str = "") -> str:
    site = current_site()
    placed = Placement(site, ("site", "space"), space=space)
    return render(
        "create.html",
        placed,
        space=space,
        space_settings=space_settings_address(site, space),
        templates=placed.of_type(TYPE),
        title=title,
        editor_address=editor_address(site, space),
        error=error,
    )


def _space(space_key: str) -> Space:
    site = current_site()
    try:
        space = reading.find_space(site, decode_segment(space_key))
    except UnicodeDecodeError:
        space = None
    if space is None:
        abort(404, "There is no such space.")
    if create_address(site, space) is None:
        abort(404, "Only users who can write in the space can create pages in it.")
    return space


def _chosen(site: Site, space: Space, name: str) -> Module:
    for module in Placement(site, (), space=space).of_type(TYPE):
        if f"{module.app.app_key}/{module.key}" == name:
            return module
    abort(404, "There is no such template.")


def _free(site: Site, space: Space, module: Module) -> str:
    # Assumed: a template without a title gets its own name, with a number.
    contents, viewer = site.get(Wiki).contents, reading.viewer_of(site)
    title, number = module.title, 1
    while contents.find_by_title(viewer, space, title):
        number += 1
        title = f"{module.title} {number}"
    return title
