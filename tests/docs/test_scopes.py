"""The code of docs/scopes.md runs, and its messages are the real ones."""

import re

import responses
from flask import Flask

from app.config import ROOT
from app.connect import TenantService, acting_for
from app.connect.protocol.access_rules import POLICY_EVENTS
from app.connect.tenants.models import Tenant
from tests import signing

DOCUMENT = (ROOT / "docs" / "scopes.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", DOCUMENT, re.DOTALL)
PAGE = f"{signing.SITE}/api/v2/pages/98421"
POLICIES = f"{signing.SITE}/api/v2/data-policies"


def test_the_tables_answer_as_shown() -> None:
    exec(BLOCKS[0], {})  # noqa: S102 - the document's own code


def test_a_blocked_page_and_the_blocked_spaces_are_named(
    app: Flask, tenant: Tenant
) -> None:
    names: dict[str, object] = {}
    for block in BLOCKS[1:]:
        exec(block, names)  # noqa: S102 - the document's own code
    title_of, blocked_spaces = names["title_of"], names["blocked_spaces"]
    assert callable(title_of) and callable(blocked_spaces)
    space = {"id": "1", "key": "DS", "name": "Docs"}
    with responses.RequestsMock() as network, app.app_context(), acting_for(tenant):
        network.get(PAGE, json={"title": "Plan"})
        assert title_of("98421") == "Plan"
        network.replace(responses.GET, PAGE, status=404)
        network.get(f"{POLICIES}/metadata", json={"anyContentBlocked": True})
        assert "blocked this app" in title_of("98421")
        spaces = {"results": [{**space, "dataPolicy": {"anyContentBlocked": True}}]}
        network.get(f"{POLICIES}/spaces", json=spaces)
        assert blocked_spaces(TenantService(tenant)) == ["DS"]


def test_each_policy_event_is_explained() -> None:
    events = set(re.findall(r"^\| `(app_\w+)` \|", DOCUMENT, re.MULTILINE))
    assert events == POLICY_EVENTS
