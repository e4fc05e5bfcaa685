"""The settings of a space, with the tabs that apps add."""

from flask import abort, request

from devhost.pages.chrome import boot, render, site_blueprint
from devhost.pages.placement import Placement
from devhost.pages.space_addresses import SETTINGS, space_settings_address
from devhost.site.current import current_site
from devhost.wiki import reading

blueprint = site_blueprint("space_tools")


@blueprint.get(SETTINGS)
def space_settings() -> str | tuple[str, int]:
    """Show the settings of a space to those who administer it."""
    site = current_site()
    space = reading.find_space(site, request.args.get("key", ""))
    if space is None:
        abort(404, "There is no such space.")
    if space_settings_address(site, space) is None:
        message = "Only an administrator of the space may see its settings."
        return render("message.html", title="Not permitted", message=message), 403
    location = {"target": "spacetools", "context": {"spaceKey": space.key}}
    return render(
        "space_tools.html",
        Placement(site, ("site", "space", "space-tools"), space=space),
        space=space,
        space_settings=space_settings_address(site, space),
        boot=boot([], location=location, space_key=space.key),
    )
