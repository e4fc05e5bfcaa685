"""Site ids: which tenant gets them, and which one keeps them."""

from typing import Any

import pytest
from sqlalchemy import Engine, event, select

from app.connect.tenants.models import TenantEvent
from app.connect.tenants.site_ids import CLAIMED
from app.connect.tenants.store import TenantStore
from app.extensions import db
from tests.connect.tenants.stored_tenants import Install

HERE = "https://here.atlassian.net/wiki"
ELSEWHERE = "https://elsewhere.atlassian.net/wiki"
IDS = {"cloud_id": "c", "installation_id": "i"}


def ids_of(store: TenantStore, client_key: str) -> tuple[str | None, str | None]:
    tenant = store.find(client_key)
    assert tenant is not None
    return tenant.cloud_id, tenant.installation_id


def claims() -> list[tuple[str, dict[str, Any]]]:
    query = select(TenantEvent).where(TenantEvent.event == CLAIMED)
    with db.engine.connect() as connection:
        rows = connection.execute(query.order_by(TenantEvent.id)).all()
    return [(row.client_key, row.details) for row in rows]


def test_a_living_tenant_on_another_host_keeps_its_ids(
    store: TenantStore, install: Install, caplog: pytest.LogCaptureFixture
) -> None:
    install(client_key="a", base_url=HERE, **IDS)
    assert install(client_key="b", base_url=ELSEWHERE, **IDS) is not None
    assert ids_of(store, "a") == ("c", "i")
    assert ids_of(store, "b") == (None, None)
    assert claims() == [
        ("b", {"outcome": "refused", "kept_by": "a"}),
        ("a", {"outcome": "kept", "claimed_by": "b"}),
    ]
    [record] = [record for record in caplog.records if record.levelname == "ERROR"]
    assert "client_key='b', kept by client_key='a'" in record.getMessage()


@pytest.mark.parametrize("name", IDS)
def test_each_id_is_looked_at_for_itself(
    store: TenantStore, install: Install, name: str
) -> None:
    install(client_key="a", base_url=HERE, **IDS)
    own = {"cloud_id": "own", "installation_id": "own"}
    install(client_key="b", base_url=ELSEWHERE, **own)
    install(2.0, client_key="b", base_url=ELSEWHERE, **own | {name: IDS[name]})
    assert ids_of(store, "a") == ("c", "i")
    both = own | {name: None}
    assert ids_of(store, "b") == (both["cloud_id"], both["installation_id"])
    assert len(claims()) == 2


@pytest.mark.parametrize(
    ("base_url", "uninstalled"),
    [
        pytest.param(f"{HERE}/x", False, id="same-host"),
        pytest.param(ELSEWHERE, True, id="uninstalled"),
    ],
)
def test_ids_move_from_the_same_host_or_an_uninstalled_tenant(
    store: TenantStore, install: Install, base_url: str, uninstalled: bool
) -> None:
    install(client_key="a", base_url=HERE, **IDS)
    if uninstalled:
        store.uninstall("a", issued_at=2.0)
    install(client_key="b", base_url=base_url, **IDS)
    assert ids_of(store, "a") == (None, None)
    assert ids_of(store, "b") == ("c", "i")
    assert claims() == []


def test_a_product_has_a_cloud_id_of_its_own(
    store: TenantStore, install: Install
) -> None:
    install(client_key="a", base_url=HERE, **IDS)
    jira = {"product_type": "jira", "base_url": ELSEWHERE}
    install(client_key="b", **jira, **IDS)
    assert ids_of(store, "a") == ("c", "i")
    assert ids_of(store, "b") == ("c", None)
    # Its own ids do not help a tenant that changes its product.
    install(2.0, client_key="b", base_url=ELSEWHERE, cloud_id="c")
    assert ids_of(store, "b") == (None, None)


def test_products_do_not_share_an_installation_id(
    store: TenantStore, install: Install
) -> None:
    install(client_key="a", base_url=HERE, cloud_id="own", installation_id="i")
    jira = {"base_url": HERE.removesuffix("/wiki"), "product_type": "jira"}
    install(client_key="b", **jira, **IDS)
    assert ids_of(store, "a") == ("own", None)
    assert ids_of(store, "b") == ("c", "i")


@pytest.mark.parametrize("name", IDS)
def test_an_event_with_one_id_takes_that_one_only(
    store: TenantStore, install: Install, name: str
) -> None:
    install(client_key="a", base_url=HERE, **IDS)
    install(client_key="b", base_url=HERE, **{name: IDS[name]})
    taken, left = {name: IDS[name]}, {**IDS, name: None}
    assert ids_of(store, "b") == (taken.get("cloud_id"), taken.get("installation_id"))
    assert ids_of(store, "a") == (left["cloud_id"], left["installation_id"])


def test_an_upgrade_with_the_same_ids_looks_at_no_other_tenant(
    store: TenantStore, install: Install
) -> None:
    install(1.0, **IDS)
    seen: list[str] = []

    def note(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        seen.append(statement.split()[0])

    event.listen(Engine, "before_cursor_execute", note)
    install(2.0, **IDS)
    install(3.0)
    event.remove(Engine, "before_cursor_execute", note)
    seen = [statement for statement in seen if statement != "BEGIN"]
    assert seen == ["SELECT", "UPDATE", "INSERT"] * 2
    assert ids_of(store, "11111111-2222-3333-4444-555555555555") == ("c", "i")
