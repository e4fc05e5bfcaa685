"""Addresses for work on a space, for users who are allowed to do it."""

from urllib.parse import quote

from devhost.site import CONTEXT_PATH, Site
from devhost.wiki import reading
from devhost.wiki.access import Role
from devhost.wiki.records import Space

# The destination of AP.navigator's target spacetools.
SETTINGS = f"{CONTEXT_PATH}/spaces/viewspacesummary.action"
CREATE = f"{CONTEXT_PATH}/spaces/<space_key>/create"


def space_settings_address(site: Site, space: Space) -> str | None:
    """Return where the settings of a space are, None if the user must not see them."""
    if not reading.viewer_of(site).may(Role.ADMINISTER, space):
        return None
    return f"{SETTINGS}?key={quote(space.key, safe='')}"


def create_address(site: Site, space: Space) -> str | None:
    """Return where to create a page in the space, None if that is not allowed."""
    viewer = reading.viewer_of(site)
    if viewer.account_id is None or not viewer.may(Role.WRITE, space):
        return None
    return CREATE.replace("<space_key>", quote(space.key, safe="~"))
