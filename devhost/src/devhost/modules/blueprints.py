"""Blueprints: pages made from the templates that apps bring.

https://developer.atlassian.com/cloud/confluence/modules/blueprint/ and
https://developer.atlassian.com/cloud/confluence/modules/blueprint-template-context/

Assumed: both requests carry the token in the header and an empty ``context`` claim,
like other server-to-server calls; ``userKey`` is the account id.
"""

import re
import time
from dataclasses import dataclass
from html import escape
from typing import Any
from urllib.parse import urlsplit

import requests

from devhost.descriptor.module_rules import is_relative
from devhost.exchanges.log import ExchangeLog
from devhost.exchanges.outbound import Sender
from devhost.exchanges.outbound_http import TIMEOUTS, new_session
from devhost.modules.module import Module
from devhost.protocol.strict_json import parse_json
from devhost.site import Site
from devhost.tokens.signing import url_token
from devhost.wiki.errors import InvalidError
from devhost.wiki.records import Space
from devhost.wiki.storage_format import parse

KIND = "blueprint"
MAX_BYTES = 1_000_000
# Confluence shows an error after so many seconds.
ANSWER_SECONDS = 10
TITLE = "ContentPageTitle"
VARIABLE = re.compile(r"<at:var\b([^>]*?)(?:/>|>\s*</at:var\s*>)")
DECLARATIONS = re.compile(
    r"<at:declarations\b.*?</at:declarations\s*>", re.DOTALL | re.IGNORECASE
)
ATTRIBUTE = re.compile(r"at:(name|rawxhtml)\s*=\s*(?:\"([^\"]*)\"|'([^']*)')")


class BlueprintError(Exception):
    """No page can be made from the template; the message says why."""


@dataclass(frozen=True)
class Draft:
    """The result of a template: a body in storage format; the title may be empty."""

    title: str
    body: str


@dataclass(frozen=True)
class Value:
    """The value of a variable: text, or storage format."""

    text: str
    is_storage: bool


def goes_to_editor(module: Module) -> bool:
    """Whether people see the page in the editor before it is created."""
    return str(module.definition.get("createResult", "edit")).lower() != "view"


def instantiate(site: Site, module: Module, space: Space) -> Draft:
    """Fetch the template of a blueprint, and fill in its variables.

    :raises BlueprintError: if the app does not answer as required.
    """
    template = module.definition.get("template")
    template = template if isinstance(template, dict) else {}
    body = _ask(site, module, "GET", template.get("url")).decode("utf-8", "replace")
    context = template.get("blueprintContext")
    values: dict[str, Value] = {}
    if isinstance(context, dict):
        question = {
            "addonKey": module.app.app_key,
            "blueprintKey": module.key,
            "spaceKey": space.key,
            "userKey": site.user.account_id or "",
            "userLocale": "en_US",
        }
        answer = _ask(site, module, "POST", context.get("url"), question)
        values = _values(module, answer)
    draft = Draft(
        values[TITLE].text if TITLE in values else "", substitute(body, values)
    )
    try:
        parse(draft.body)
    except InvalidError as error:
        raise BlueprintError(
            f"The template of {module.title} is not storage format. {error}"
        ) from error
    return draft


def substitute(template: str, values: dict[str, Value]) -> str:
    """Return a template with its ``at:var`` elements replaced.

    A value is text, unless both it and its place say that it is storage format. A
    variable without a value is removed.
    """

    def replacement(found: re.Match[str]) -> str:
        attributes = {
            name: one or other for name, one, other in ATTRIBUTE.findall(found[1])
        }
        value = values.get(attributes.get("name", ""), Value("", False))
        is_raw = attributes.get("rawxhtml", "").lower() == "true"
        return value.text if is_raw and value.is_storage else escape(value.text)

    return VARIABLE.sub(replacement, DECLARATIONS.sub("", template))


def _values(module: Module, answer: bytes) -> dict[str, Value]:
    try:
        given = parse_json(answer)
    except ValueError as error:
        raise BlueprintError(
            f"The context of {module.title} is not JSON: {error}."
        ) from error
    if not isinstance(given, list) or not all(isinstance(each, dict) for each in given):
        raise BlueprintError(
            f"The context of {module.title} must be an array of objects with "
            '"identifier", "value" and "representation".'
        )
    return {
        str(each.get("identifier", "")): Value(
            str(each.get("value", "")), each.get("representation") == "storage"
        )
        for each in given
    }


def _ask(
    site: Site, module: Module, method: str, url: Any, question: Any = None
) -> bytes:
    if not isinstance(url, str) or not url or not is_relative(url):
        raise BlueprintError(
            f"{module.title} needs a template.url, relative to the app's baseUrl."
        )
    app = module.app
    address = f"{app.base_url}/{url.lstrip('/')}"
    parts = urlsplit(address)
    target = f"{parts.path}?{parts.query}" if parts.query else parts.path
    token = url_token(app, method, target, user=site.user, context={})
    sender = Sender(
        site.get(ExchangeLog),
        KIND,
        app.app_key,
        app.base_path,
        {"blueprint": module.key},
        MAX_BYTES,
        time.monotonic() + ANSWER_SECONDS,
    )
    try:
        with new_session(sender) as session:
            answer = session.request(
                method,
                address,
                json=question,
                headers={"Authorization": f"JWT {token}"},
                timeout=TIMEOUTS,
                allow_redirects=False,
                stream=True,
            )
    except requests.RequestException as error:
        raise BlueprintError(
            f"{app.name} did not answer {method} {parts.path}: {type(error).__name__}."
        ) from error
    if answer.status_code != 200:
        raise BlueprintError(
            f"{app.name} answered {answer.status_code} to {method} {parts.path}, "
            "not 200."
        )
    return answer.content
