"""What the tests in here share."""

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask

from app.extensions import db
from tests.example import create_app


@pytest.fixture
def app(config: dict[str, Any]) -> Iterator[Flask]:
    """The app with migrated, empty tables."""
    app = create_app(config)
    done = app.test_cli_runner().invoke(args=["db", "upgrade"])
    assert done.exit_code == 0, done.output
    yield app
    with app.app_context():
        db.engine.dispose()
