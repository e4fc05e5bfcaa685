"""The one place where macros ask whether an app access rule blocks them."""

from devhost import access_rules
from devhost.modules import Module
from devhost.site.site import Site
from devhost.wiki.records import Space


def is_blocked(site: Site, module: Module, space: Space) -> bool:
    """Whether a macro shows the message of a policy instead of its app's output."""
    return access_rules.is_blocked(site, module.app.app_key, space)
