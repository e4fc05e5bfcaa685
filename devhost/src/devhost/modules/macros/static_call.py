"""The request for the output of a static macro, from the host to an app.

https://developer.atlassian.com/cloud/confluence/modules/static-content-macro/

GET carries the token in the URL. POST carries it in the header, and everything else in
a form: the query of the declared URL, and every parameter of the macro. The hash covers
method, path and query, but not the form. Assumed: the host's own parameters are those
of an iframe without its bridge; the ``context`` claim is empty, as in other
server-to-server calls.
"""

from collections.abc import Hashable
from dataclasses import dataclass, field, replace
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from devhost.install.license import Licenses
from devhost.modules.conditions.inline import fill_conditions
from devhost.modules.iframes import CONNECT_VERSION
from devhost.modules.places import Place, context_variables
from devhost.modules.url_variables import expand_url, legal_url
from devhost.site import CONTEXT_PATH, Site
from devhost.site.installations import Installation
from devhost.site.users import User
from devhost.tokens.signing import url_token


@dataclass(frozen=True)
class StaticCall:
    """One signed request; ``cache_key`` is None if its answer must not be cached."""

    app: Installation
    title: str
    method: str
    url: str = field(repr=False)
    headers: dict[str, str] = field(repr=False)
    form: str | None = None
    cache_key: Hashable = None
    # Identifies a macro whose app is being asked for it.
    macro: Hashable = None


def static_call(site: Site, place: Place, user: User) -> StaticCall:
    """Return the request for the macro that stands in *place*."""
    method = str(place.module.definition.get("renderingMethod", "get")).upper()
    call = _post(site, place, user) if method == "POST" else _get(site, place, user)
    macro = (place.module.app.app_key, place.macro and place.macro.id)
    return replace(call, macro=macro)


def _get(site: Site, place: Place, user: User) -> StaticCall:
    app = place.module.app
    url = _expanded(site, place, user, context_variables(place))
    url += ("&" if "?" in url else "?") + urlencode(
        _own_parameters(site, app), quote_via=quote, safe=""
    )
    parts = urlsplit(url)
    token = url_token(app, "GET", f"{parts.path}?{parts.query}", user=user, context={})
    key = (app.client_key, user.account_id, url)
    signed = f"{url}&jwt={token}"
    return StaticCall(app, place.module.title, "GET", signed, {}, cache_key=key)


def _post(site: Site, place: Place, user: User) -> StaticCall:
    app, macro = place.module.app, place.macro
    variables = context_variables(place)
    form: dict[str, str] = {}
    if macro is not None:
        variables |= {"macro.body": macro.body, "macro.truncated": "false"}
        form |= macro.parameters
    url, _, query = _expanded(site, place, user, variables).partition("?")
    form |= dict(parse_qsl(query, keep_blank_values=True))
    form |= _own_parameters(site, app)
    token = url_token(app, "POST", urlsplit(url).path or "/", user=user, context={})
    headers = {
        "Authorization": f"JWT {token}",
        "Content-Type": "application/x-www-form-urlencoded",
    }
    title = place.module.title
    return StaticCall(app, title, "POST", url, headers, urlencode(form))


def _expanded(site: Site, place: Place, user: User, variables: dict[str, str]) -> str:
    path = "/" + place.module.url.lstrip("/")
    path = fill_conditions(site, place, path, user)
    path = expand_url(path, variables).partition("#")[0]
    return place.module.app.base_url + legal_url(path)


def _own_parameters(site: Site, app: Installation) -> dict[str, str]:
    return {
        "xdm_e": site.origin,
        "cp": CONTEXT_PATH,
        "lic": site.get(Licenses).of(app).lic,
        "cv": CONNECT_VERSION,
    }
