"""Fixtures for the tests of the documents: a stand-in for the author's package."""

import sys
from types import ModuleType

import pytest
from flask import Blueprint

from tests.connect.conftest import told as told


@pytest.fixture
def pages(monkeypatch: pytest.MonkeyPatch) -> Blueprint:
    """The blueprint to which a document adds its routes: ``from app.pages import bp``.

    It stands in for the real one, which a fork replaces.
    """
    blueprint = Blueprint("pages", __name__)
    module = ModuleType("app.pages")
    monkeypatch.setattr(module, "bp", blueprint, raising=False)
    monkeypatch.setitem(sys.modules, "app.pages", module)
    return blueprint
