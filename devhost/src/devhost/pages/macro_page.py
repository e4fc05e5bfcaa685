"""The button that opens a page with all of an app's macros."""

from flask import Blueprint, abort, redirect, request
from werkzeug.wrappers import Response

from devhost.modules.macros.sample_page import sample_page
from devhost.site.current import current_site
from devhost.site.installations import Installations
from devhost.wiki import reading
from devhost.wiki.errors import NotPermittedError

blueprint = Blueprint("macro_page", __name__)


@blueprint.post("/devhost/macro-page")
def macro_page() -> Response:
    """Create the page if it does not exist, and redirect to it."""
    site = current_site()
    app = site.get(Installations).find_enabled(request.form.get("app", ""))
    if app is None:
        abort(404, "No such app is installed and enabled.")
    try:
        page = sample_page(site, reading.viewer_of(site), app)
    except NotPermittedError as error:
        abort(
            409,
            f"{error}. Switch to a user who may write, then try the macros again.",
        )
    return redirect(reading.address(page), 303)
