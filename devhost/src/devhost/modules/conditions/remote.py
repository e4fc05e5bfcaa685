"""Remote conditions: a path that the app answers, instead of a name.

Confluence's page of conditions has listed no remote ones since 2019; until then the
host asked with a signed GET and took ``{"shouldDisplay": true}`` as yes, and anything
else and any failure as no. Assumed: it still does. Unlike then, no answer is cached.
"""

import logging
from urllib.parse import quote, urlencode

import requests

from devhost.exchanges.log import ExchangeLog
from devhost.exchanges.outbound import Sender
from devhost.exchanges.outbound_http import TIMEOUTS, new_session
from devhost.install.license import Licenses
from devhost.modules.conditions.situation import Situation
from devhost.modules.places import context_claim
from devhost.modules.url_variables import expand_url, legal_url
from devhost.protocol.strict_json import parse_json
from devhost.tokens.signing import url_token

logger = logging.getLogger("devhost")
CHANNEL = "channel-condition"


def remote_holds(situation: Situation, path: str) -> bool:
    """Ask the app whether the condition at *path* holds."""
    app, site = situation.app, situation.site
    sender = Sender(site.get(ExchangeLog), "condition", app.app_key, app.base_path)
    try:
        with new_session(sender) as session:
            request = session.prepare_request(
                requests.Request("GET", _url(situation, path))
            )
            token = url_token(
                app,
                "GET",
                request.path_url,
                user=situation.user,
                context=context_claim(site, situation.place),
            )
            request.headers["Authorization"] = f"JWT {token}"
            answer = session.send(request, timeout=TIMEOUTS, allow_redirects=False)
            return _says_yes(answer)
    except requests.RequestException as error:
        failure = type(error).__name__
    except ValueError:
        failure = 'it is not 200 with JSON such as {"shouldDisplay": true}'
    logger.warning("no answer to a remote condition of %s: %s", app.app_key, failure)
    return False


def _url(situation: Situation, path: str) -> str:
    site, app = situation.site, situation.app
    parameters = {
        "xdm_e": site.origin,
        "xdm_c": CHANNEL,
        "cp": site.context_path,
        "lic": site.get(Licenses).of(app).lic,
    }
    path = expand_url(path, situation.variables).partition("#")[0]
    url = app.base_url + legal_url(path)
    return f"{url}{'&' if '?' in url else '?'}{urlencode(parameters, quote_via=quote)}"


def _says_yes(answer: requests.Response) -> bool:
    body = parse_json(answer.content) if answer.status_code == 200 else None
    holds = body.get("shouldDisplay") if isinstance(body, dict) else None
    if not isinstance(holds, bool):
        raise ValueError("not an answer")
    return holds
