"""The page editor: create or edit a page, with macros of apps in its body."""

from dataclasses import dataclass
from typing import Any

from flask import abort, redirect, request
from werkzeug.wrappers import Response

from devhost.modules.macros.browser import choices
from devhost.pages.chrome import boot, render, site_blueprint
from devhost.pages.placement import Placement
from devhost.pages.space_addresses import space_settings_address
from devhost.protocol.raw_target import decode_segment
from devhost.site import Site
from devhost.site.current import current_site
from devhost.site.users import find_user
from devhost.wiki import Wiki, reading
from devhost.wiki.access import Role
from devhost.wiki.editor import Edit, NewContent
from devhost.wiki.errors import ConflictError, InvalidError, NotPermittedError
from devhost.wiki.records import Content, Space

blueprint = site_blueprint("editing")
EDIT = "/wiki/spaces/<space_key>/pages/edit-v2/<page_id>"
CREATE = "/wiki/spaces/<space_key>/pages/create"
MAX_VERSION_DIGITS = 9


@dataclass(frozen=True)
class Draft:
    """The contents of the editor's fields."""

    title: str = ""
    body: str = ""
    version: int = 0
    message: str = ""


@blueprint.get(EDIT)
def edit_page(space_key: str, page_id: str) -> str:
    """Show a page or a blog post in the editor."""
    page = _page(space_key, page_id)
    draft = Draft(page.title, page.body, page.version)
    return _editor(page.space, draft, page=page)


@blueprint.post(EDIT)
def save_page(space_key: str, page_id: str) -> Response | tuple[str, int]:
    """Save a new version and show the page, or show the editor with the error."""
    site, page, draft = current_site(), _page(space_key, page_id), _sent()
    edit = Edit(draft.version + 1, draft.title, draft.body, message=draft.message)
    try:
        saved = site.get(Wiki).editor.update(reading.viewer_of(site), page, edit)
    except ConflictError:
        now = _page(space_key, page_id)
        kept = Draft(draft.title, draft.body, now.version, draft.message)
        return _editor(page.space, kept, page=now, problem=_conflict(now)), 409
    except InvalidError as error:
        return _editor(page.space, draft, page=page, problem=f"{error}."), 400
    return redirect(reading.address(saved), 303)


@blueprint.get(CREATE)
def new_page(space_key: str) -> str:
    """Show an empty editor."""
    return _editor(_space(space_key), Draft(), parent=_parent(_space(space_key)))


@blueprint.post(CREATE)
def create_page(space_key: str) -> Response | tuple[str, int]:
    """Create a page and show it, or show the editor with the error."""
    site, space, draft = current_site(), _space(space_key), _sent()
    parent = _parent(space)
    new = NewContent(
        "page", space, draft.title, draft.body, parent=parent, message=draft.message
    )
    try:
        created = site.get(Wiki).editor.create(reading.viewer_of(site), new)
    except InvalidError as error:
        return _editor(space, draft, parent=parent, problem=f"{error}."), 400
    return redirect(reading.address(created), 303)


@blueprint.get("/wiki/pages/editpage.action")
@blueprint.get("/wiki/pages/editblogpost.action")
def edit_by_id() -> Response:
    """Redirect to the editor, for ``AP.navigator`` and old links."""
    page = reading.find_content(current_site(), request.args.get("pageId"))
    if page is None:
        abort(404, "There is no such page.")
    return redirect(_edit_address(current_site(), page))


@blueprint.get("/wiki/pages/createpage.action")
def create_by_key() -> Response:
    """Redirect to an empty editor, for old links."""
    space = _space(request.args.get("spaceKey", ""))
    return redirect(editor_address(current_site(), space))


def show_draft(
    space: Space, title: str, body: str, *, template: str = "", problem: str = ""
) -> str:
    """Return the editor with a draft of a new page, such as a template's result."""
    return _editor(space, Draft(title, body), template=template, problem=problem)


def edit_address(site: Site, page: Content) -> str | None:
    """Return where the user can edit a page, None if they are not allowed to."""
    may = reading.viewer_of(site).may(Role.WRITE, page.space)
    return _edit_address(site, page) if may else None


def child_address(site: Site, page: Content) -> str | None:
    """Return where the user can create a child page, None if that is not allowed."""
    may = page.type == "page" and reading.viewer_of(site).may(Role.WRITE, page.space)
    return f"{editor_address(site, page.space)}?parentPageId={page.id}" if may else None


def _edit_address(site: Site, page: Content) -> str:
    return f"{site.context_path}/spaces/{page.space.key}/pages/edit-v2/{page.id}"


def editor_address(site: Site, space: Space) -> str:
    """Return the address of the empty editor."""
    return f"{site.context_path}/spaces/{space.key}/pages/create"


def _page(space_key: str, page_id: str) -> Content:
    page = reading.find_content(current_site(), page_id)
    if page is None or page.space.key != space_key:
        abort(404, "There is no such page.")
    _check(page.space)
    return page


def _space(key: str) -> Space:
    try:
        space = reading.find_space(current_site(), decode_segment(key))
    except UnicodeDecodeError:
        space = None
    if space is None:
        abort(404, "There is no such space.")
    _check(space)
    return space


def _check(space: Space) -> None:
    try:
        reading.viewer_of(current_site()).check(Role.WRITE, space)
    except NotPermittedError as error:
        abort(401 if current_site().user.account_id is None else 403, f"{error}.")


def _parent(space: Space) -> Content | None:
    given = request.values.get("parentPageId")
    parent = reading.find_content(current_site(), given) if given else None
    is_possible = parent and parent.type == "page" and parent.space.id == space.id
    return parent if is_possible else None


def _sent() -> Draft:
    form = request.form
    version = form.get("version", "")
    is_number = version.isascii() and version.isdigit()
    return Draft(
        form.get("title", ""),
        # Browsers send the lines of a text like this.
        form.get("body", "").replace("\r\n", "\n"),
        int(version) if is_number and len(version) <= MAX_VERSION_DIGITS else 0,
        form.get("message", ""),
    )


def _conflict(now: Content) -> str:
    person = find_user(now.editor_id)
    who = person.display_name if person else "An app"
    return (
        f"{who} saved version {now.version} of this page while you were editing. "
        "Your text is below, unchanged: save again to replace theirs, or cancel."
    )


def _editor(
    space: Space,
    draft: Draft,
    *,
    page: Content | None = None,
    parent: Content | None = None,
    template: str = "",
    problem: str = "",
) -> str:
    site = current_site()
    location: dict[str, Any] = {"target": "contentcreate", "context": {}}
    if page is not None:
        context = {"contentId": page.id, "contentType": page.type}
        location = {"target": "contentedit", "context": context}
    back = page or parent
    space_address = f"{site.context_path}/spaces/{space.key}"
    settings = boot([], location=location, space_key=space.key)
    settings["macros"] = choices(site)
    return render(
        "edit.html",
        Placement(site, ("site", "space", "editor"), page, space),
        page=page,
        parent=parent,
        space=space,
        space_settings=space_settings_address(site, space),
        draft=draft,
        problem=problem,
        origin=template,
        action=_edit_address(site, page) if page else editor_address(site, space),
        back=reading.address(back) if back else space_address,
        boot=settings,
    )
