"""The list of REST operations in the documentation."""

from pathlib import Path

import pytest
import requests

from devhost.rest.documented_operations import PARAMETER, known_operations
from devhost.rest.listing import lines
from devhost.server import LocalConfluence
from tests.fake_app import FakeApp, sign

DOCUMENT = Path(__file__).resolve().parents[1] / "docs" / "rest-operations.md"


def test_the_document_is_what_the_command_prints() -> None:
    assert DOCUMENT.read_text("utf-8").splitlines() == list(lines())


def test_every_operation_is_listed_once() -> None:
    text = DOCUMENT.read_text("utf-8")
    for operation in known_operations():
        assert text.count(f"`{operation}`") == 1


@pytest.mark.parametrize("version", ["/rest/api/", "/api/v2/"])
def test_operations_listed_as_501_return_501(
    confluence: LocalConfluence, installed: FakeApp, version: str
) -> None:
    text = DOCUMENT.read_text("utf-8")
    for operation in known_operations():
        line = text.partition(f"`{operation}`")[2].partition("\n")[0]
        is_missing = line.endswith("| 501 |") and operation.scope in {"READ", "WRITE"}
        if is_missing and operation.path.startswith(version):
            path = PARAMETER.sub("1", operation.path)
            token = sign(installed, operation.method, path)
            answer = requests.request(
                operation.method,
                confluence.base_url + path,
                headers={"Authorization": f"JWT {token}"},
                timeout=30,
            )
            assert answer.status_code == 501, operation
            assert path in answer.text
