"""Where people work on a space, as far as they may."""

from urllib.parse import quote

from devhost.site import CONTEXT_PATH, Site
from devhost.wiki import reading
from devhost.wiki.access import Role
from devhost.wiki.records import Space

# Where AP.navigator's target spacetools leads.
SETTINGS = f"{CONTEXT_PATH}/spaces/viewspacesummary.action"
CREATE = f"{CONTEXT_PATH}/spaces/<space_key>/create"


def space_settings_address(site: Site, space: Space) -> str | None:
    """Return where the settings of a space are; None if the user may not see them."""
    if not reading.viewer_of(site).may(Role.ADMINISTER, space):
        return None
    return f"{SETTINGS}?key={quote(space.key, safe='')}"


def create_address(site: Site, space: Space) -> str | None:
    """Return where a page of the space is created; None for who may not write."""
    viewer = reading.viewer_of(site)
    if viewer.account_id is None or not viewer.may(Role.WRITE, space):
        return None
    return CREATE.replace("<space_key>", quote(space.key, safe="~"))
