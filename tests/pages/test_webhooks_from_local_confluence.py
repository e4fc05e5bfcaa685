"""A page created in the local Confluence reaches the example's webhook handler."""

from typing import Any

import pytest
from devhost.testing.confluence import RecordingConfluence
from devhost.testing.installed_app import InstalledApp

from app.connect.webhooks.archive import Filter
from app.connect.webhooks.models import Status
from app.connect.webhooks.wake_up import RUN
from app.pages.webhooks import NEWEST_PAGE


@pytest.fixture
def config(config: dict[str, Any], connect_settings: dict[str, str]) -> dict[str, Any]:
    """The settings of the app under test, on the local Confluence."""
    return {**config, **connect_settings}


def test_the_newest_page_is_remembered(
    confluence: RecordingConfluence, installed_app: InstalledApp
) -> None:
    confluence.webhooks.fire("page_created")
    sent = confluence.sent_event("page_created", status=204)
    app = installed_app.app
    archive = app.extensions["connect.webhooks"].archive
    with app.app_context():
        [kept] = archive.iterate(Filter())
        app.extensions["celery"].tasks[RUN](kept.id)
        assert archive.find(kept.id).status is Status.DONE
    confluence.received(
        "PUT", "/rest/atlassian-connect/1/addons/{app}/properties/" + NEWEST_PAGE
    )
    assert sent.json["page"]["title"]
