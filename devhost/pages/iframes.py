"""The iframe of a module: its URL, its context and the bridge's options."""

import hashlib
import re
import uuid
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from devhost.current import current_site
from devhost.exchanges.outbound import record_iframe
from devhost.modules import MACRO_TYPE, Module
from devhost.pages import reading
from devhost.signing import url_token
from devhost.site import CONTEXT_PATH, Site
from devhost.wiki.records import Content

CONNECT_VERSION = "1.1.78"
# Everything that may stand in a URL as it is; a browser would encode the rest.
LEGAL_IN_URL = "%/?[]@!$&'()*+,;=:~"
VARIABLE = re.compile(r"\{([^{}]*)\}")


@dataclass(frozen=True)
class Place:
    """Where a module is shown."""

    module: Module
    page: Content | None = None

    @property
    def is_macro(self) -> bool:
        """Whether the module is shown as a macro of the page."""
        return self.module.type == MACRO_TYPE and self.page is not None

    @property
    def macro(self) -> dict[str, str]:
        """The identity of the macro on the page; the same at every rendering."""
        page_id = self.page.id if self.page else ""
        name = f"{self.module.app.app_key}/{self.module.key}/{page_id}"
        return {
            "id": str(uuid.uuid5(uuid.NAMESPACE_URL, name)),
            "hash": hashlib.sha256(name.encode()).hexdigest()[:32],
            "outputType": "display",
        }

    @property
    def macro_parameters(self) -> dict[str, str]:
        """The macro's parameters with their default values."""
        parameters = self.module.definition.get("parameters", [])
        return {
            str(parameter["identifier"]): str(parameter.get("defaultValue", ""))
            for parameter in (parameters if isinstance(parameters, list) else [])
            if isinstance(parameter, dict) and "identifier" in parameter
        }


def find_place(module: Module, content_id: Any) -> Place:
    """Return the place that a page of ours names."""
    return Place(module, reading.find_content(current_site(), content_id))


def context_claim(site: Site, place: Place) -> dict[str, Any]:
    """Return the ``context`` claim, which ``AP.context.getContext`` answers too."""
    confluence: dict[str, Any] = {} if place.page is None else place.page.context()
    if place.is_macro:
        confluence["macro"] = place.macro
    return {
        "confluence": confluence,
        "license": site.licences.of(place.module.app).context,
        "url": {"displayUrl": site.display_url},
    }


def context_variables(place: Place) -> dict[str, str]:
    """Return what the variables of a module URL stand for."""
    variables: dict[str, str] = {}
    if place.is_macro:
        variables |= place.macro_parameters
        variables |= {
            "macro.id": place.macro["id"],
            "macro.hash": place.macro["hash"],
            "macro.body": "",
            "macro.truncated": "false",
            "output.type": place.macro["outputType"],
        }
    if place.page is not None:
        content = place.page.context()["content"]
        variables |= {f"content.{name}": value for name, value in content.items()}
        variables |= {f"page.{name}": value for name, value in content.items()}
        variables |= {
            "page.title": place.page.title,
            "space.id": place.page.space.id,
            "space.key": place.page.space.key,
        }
    return variables


def expand_url(url: str, variables: dict[str, str]) -> str:
    """Fill in the variables; unbound ones become empty."""
    return VARIABLE.sub(lambda found: quote(variables.get(found[1], ""), safe=""), url)


def iframe_url(site: Site, place: Place) -> str:
    """Return the signed URL of the module's iframe."""
    module = place.module
    base_url = module.app.base_url
    path = "/" + module.url.lstrip("/")
    if module.definition.get("cacheable") is True:
        # Verbatim, without a token: the page asks AP.context.getToken for one.
        return _recorded(site, module, base_url + path)
    path = expand_url(path, context_variables(place)).partition("#")[0]
    url = base_url + quote(path, safe=LEGAL_IN_URL)
    parameters = {
        "xdm_e": site.origin,
        "xdm_c": f"channel-{module.app.app_key}__{module.key}",
        "cp": CONTEXT_PATH,
        "xdm_deprecated_addon_key_do_not_use": module.app.app_key,
        "lic": site.licences.of(module.app).lic,
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
        site.exchanges,
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
        "contextPath": CONTEXT_PATH,
        "productContext": context_claim(site, place),
        "contentId": place.page.id if place.page else None,
        "macroParameters": place.macro_parameters if place.is_macro else {},
    }


def frame(site: Site, place: Place, target: str) -> dict[str, Any]:
    """Return what our page's script needs to show the module in *target*."""
    return {
        "target": target,
        "appKey": place.module.app.app_key,
        "moduleKey": place.module.key,
        "url": iframe_url(site, place),
        "width": _size(place.module, "width"),
        "height": _size(place.module, "height"),
        "options": bridge_options(site, place),
    }


def _size(module: Module, name: str) -> str | None:
    size = str(module.definition.get(name, ""))
    if re.fullmatch(r"\d{1,5}", size):
        return size + "px"
    return size if re.fullmatch(r"\d{1,5}(px|%)", size) else None
