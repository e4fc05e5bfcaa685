"""Site ids in lifecycle events."""

from collections.abc import Callable

from flask import Flask

from app.connect.tenants.models import Tenant
from tests.connect.inbound.lifecycle_events import (
    CLOUD_ID,
    INSTALLATION_ID,
    Send,
    secret_of,
)
from tests.signing import (
    SECRET,
)


def test_a_site_that_was_imported_takes_its_ids_along(
    app: Flask, send: Send, find: Callable[..., Tenant]
) -> None:
    ids = {"cloudId": CLOUD_ID, "installationId": INSTALLATION_ID}
    assert send("installed", clientKey="old", **ids).status_code == 204
    assert send("installed", clientKey="new", **ids).status_code == 204
    old, new = find("old"), find("new")
    assert (old.cloud_id, old.installation_id) == (None, None)
    assert (new.cloud_id, new.installation_id) == (CLOUD_ID, INSTALLATION_ID)
    assert old.installed
    assert secret_of(app, "old") == SECRET


def test_one_site_may_have_the_app_in_two_products(
    send: Send, find: Callable[..., Tenant]
) -> None:
    jira = {
        "clientKey": "jira",
        "productType": "jira",
        "baseUrl": "https://example.atlassian.net",
    }
    assert send("installed", cloudId=CLOUD_ID).status_code == 204
    assert send("installed", cloudId=CLOUD_ID, **jira).status_code == 204
    assert find().cloud_id == CLOUD_ID
    assert find("jira").cloud_id == CLOUD_ID


def test_an_installation_id_moves_alone(
    send: Send, find: Callable[..., Tenant]
) -> None:
    first = {"cloudId": CLOUD_ID, "installationId": INSTALLATION_ID}
    assert send("installed", clientKey="a", **first).status_code == 204
    moved = {"cloudId": "another", "installationId": INSTALLATION_ID}
    assert send("installed", clientKey="b", **moved).status_code == 204
    assert (find("a").cloud_id, find("a").installation_id) == (CLOUD_ID, None)
    assert find("b").installation_id == INSTALLATION_ID


def test_an_event_without_ids_keeps_those_we_know(
    send: Send, find: Callable[..., Tenant]
) -> None:
    ids = {"cloudId": CLOUD_ID, "installationId": INSTALLATION_ID}
    assert send("installed", **ids, oauthClientId="o").status_code == 204
    assert send("installed").status_code == 204
    assert find().cloud_id == CLOUD_ID
    assert find().installation_id == INSTALLATION_ID
    assert find().oauth_client_id is None
