"""The viewer of a REST call: whose permissions apply to reading and writing."""

from flask import g
from werkzeug.local import LocalProxy

from devhost.rest.caller import caller
from devhost.rest.operation_checks import hidden_spaces
from devhost.site.current import current_site
from devhost.site.installations import Installation
from devhost.wiki import Wiki
from devhost.wiki.access import Viewer


def app_account_id(app: Installation) -> str:
    """Return the account id of an app's own user."""
    return f"557058:{app.client_key}"


def current_viewer() -> Viewer:
    """Return the permissions of this request's caller."""
    if "devhost_viewer" not in g:
        wiki = current_site().get(Wiki)
        if caller.user is None:
            seen = wiki.app_viewer(app_account_id(caller.app))
        else:
            seen = wiki.viewer(caller.user)
        g.devhost_viewer = seen.without(hidden_spaces())
    found: Viewer = g.devhost_viewer
    return found


def _current_wiki() -> Wiki:
    return current_site().get(Wiki)


viewer: Viewer = LocalProxy(current_viewer)  # type: ignore[assignment]  # A proxy stands for it.
wiki: Wiki = LocalProxy(_current_wiki)  # type: ignore[assignment]  # A proxy stands for it.
