"""Links to this app's pages on a tenant's site.

https://developer.atlassian.com/cloud/confluence/modules/page/
"""

import re
from collections.abc import Mapping
from urllib.parse import quote, urlencode

from ..tenants.current import current_tenant
from ..tenants.models import Tenant
from ..tenants.state import get_state
from .document import get_descriptor
from .lint import iterate_modules

_MODULE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_NAME = re.compile(r"[A-Za-z0-9_.-]+")


def module_url(
    module_key: str,
    custom: Mapping[str, str | int] | None = None,
    *,
    tenant: Tenant | None = None,
) -> str:
    """Return the URL of a page module on a tenant's site.

    *custom* reaches the page through the variables ``{ac.name}`` in the module's URL,
    like the ``customData`` of ``AP.navigator``. Anyone who follows the link can
    change it. *tenant* defaults to the current one. Works for Confluence and Jira.

    :raises ValueError: if a key or name is malformed, or if the module's URL in the
        descriptor has no variable for a name, which the host would then drop.
    """
    if not _MODULE_KEY.fullmatch(module_key):
        raise ValueError(f"{module_key!r} is not a module key")
    url = _url_of(module_key)
    for name in custom or {}:
        if not _NAME.fullmatch(name):
            raise ValueError(f"{name!r} is not a name such as page-id")
        if url is not None and f"{{ac.{name}}}" not in url:
            raise ValueError(
                f"the URL of {module_key} drops {name}: "
                f"write e.g. {url.partition('?')[0]}?{name}={{ac.{name}}}"
            )
    base_url = (current_tenant if tenant is None else tenant).base_url
    path = f"/plugins/servlet/ac/{quote(get_state().app_key, safe='')}/{module_key}"
    values = {f"ac.{name}": value for name, value in (custom or {}).items()}
    query = urlencode(values, quote_via=quote, safe="")
    return f"{base_url}{path}?{query}" if query else f"{base_url}{path}"


def _url_of(module_key: str) -> str | None:
    """Return a module's URL as declared; None for a dynamic module."""
    for _, _, module in iterate_modules(get_descriptor()):
        if module.get("key") == module_key and isinstance(module.get("url"), str):
            return str(module["url"])
    return None
