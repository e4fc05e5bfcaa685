"""The iframe of a module: its URL and the bridge's options."""

import re
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from devhost.descriptor.module_rules import is_relative
from devhost.exchanges.log import ExchangeLog
from devhost.exchanges.outbound import record_iframe
from devhost.install.license import Licenses
from devhost.modules.conditions.inline import fill_conditions
from devhost.modules.module import Module
from devhost.modules.places import Place, context_claim, context_variables
from devhost.modules.url_variables import expand_url, legal_url
from devhost.site import Site
from devhost.tokens.signing import url_token

CONNECT_VERSION = "1.1.78"


def filled_url(site: Site, place: Place) -> str:
    """Return the module's URL with its variables and conditions filled in."""
    url = fill_conditions(site, place, place.module.url)
    return expand_url(url, context_variables(place))


def iframe_url(site: Site, place: Place) -> str:
    """Return the signed URL of the module's iframe."""
    module = place.module
    if not is_relative(module.url):
        # Another site's page in a dialog: no secret signs for it.
        return filled_url(site, place)
    base_url = module.app.base_url
    if module.definition.get("cacheable") is True:
        # Verbatim, without a token: the page asks AP.context.getToken for one.
        return _recorded(site, module, f"{base_url}/{module.url.lstrip('/')}")
    slash = "" if module.url.startswith("/") else "/"
    url = base_url + slash + legal_url(filled_url(site, place).partition("#")[0])
    parameters = {
        "xdm_e": site.origin,
        "xdm_c": f"channel-{module.app.app_key}__{module.key}",
        "cp": site.context_path,
        "xdm_deprecated_addon_key_do_not_use": module.app.app_key,
        "lic": site.get(Licenses).of(module.app).lic,
        "cv": CONNECT_VERSION,
    }
    url += ("&" if "?" in url else "?") + urlencode(
        parameters, quote_via=quote, safe=""
    )
    parts = urlsplit(url)
    token = url_token(
        module.app,
        "GET",
        f"{parts.path}?{parts.query}",
        user=site.user,
        context=context_claim(site, place),
    )
    return _recorded(site, module, f"{url}&jwt={token}")


def _recorded(site: Site, module: Module, url: str) -> str:
    record_iframe(
        site.get(ExchangeLog),
        app_key=module.app.app_key,
        base_url=module.app.base_url,
        url=url,
        user=site.user.account_id,
    )
    return url


def bridge_options(site: Site, place: Place) -> dict[str, Any]:
    """Return the options of the bridge's host side for this iframe."""
    is_full_page = place.module.is_page
    return {
        "isFullPage": is_full_page,
        "autoresize": True,
        "hostOrigin": site.origin,
        "moduleType": place.module.type,
        "contextPath": site.context_path,
        "productContext": context_claim(site, place),
        "contentId": place.content.id if place.content else None,
        "spaceKey": place.space.key if place.space else None,
        "customData": dict(place.custom) or None,
        **_macro_options(place),
    }


def _macro_options(place: Place) -> dict[str, Any]:
    macro = place.macro
    if macro is None:
        return {"macroParameters": {}}
    return {
        "macroId": macro.id,
        "macroParameters": macro.parameters,
        "macroBody": macro.body,
    }


def frame(site: Site, place: Place, target: str) -> dict[str, Any]:
    """Return what our page's script needs in order to show the module in *target*."""
    return {
        "target": target,
        "appKey": place.module.app.app_key,
        "moduleKey": place.module.key,
        "url": iframe_url(site, place),
        "width": _size(place, "width"),
        "height": _size(place, "height"),
        "options": bridge_options(site, place),
    }


def _size(place: Place, name: str) -> str | None:
    # A parameter of this name takes precedence over the descriptor.
    saved = place.macro.parameters.get(name, "") if place.macro else ""
    definition = place.module.definition
    layout = definition.get("layout")
    declared = layout if isinstance(layout, dict) else definition
    for size in (saved, str(declared.get(name, ""))):
        if re.fullmatch(r"\d{1,5}", size):
            return size + "px"
        if re.fullmatch(r"\d{1,5}(px|%)", size):
            return size
    return None
