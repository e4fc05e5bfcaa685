"""Fixtures that the attacks share."""

from collections.abc import Iterator

import pytest
import responses

from tests import signing
from tests.signing import (
    KEY_ID,
    KEY_SERVER,
)


@pytest.fixture
def world() -> Iterator[responses.RequestsMock]:
    """The first key server has the key; any other request fails the test."""
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        mock.get(f"{KEY_SERVER}/{KEY_ID}", body=signing.pem())
        yield mock
