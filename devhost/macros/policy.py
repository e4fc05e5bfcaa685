"""The one place where macros ask whether an app access rule blocks them."""

from devhost.modules import Module
from devhost.site import Site
from devhost.wiki.records import Space


def is_blocked(site: Site, module: Module, space: Space) -> bool:
    """Whether a macro shows the message of a policy instead of its app's output."""
    return False
