"""What the tests in here share."""

from typing import Any

import pytest

from app.connect.tenants.store import TenantStore
from tests.connect.tenants.stored_tenants import Install, installation, store_with


@pytest.fixture
def store(app_context: None) -> TenantStore:
    return store_with()


@pytest.fixture
def install(store: TenantStore) -> Install:
    def put(issued_at: float = 1.0, **changes: Any) -> Any:
        return store.install(installation(**changes), issued_at=issued_at)

    return put
