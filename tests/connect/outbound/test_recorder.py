"""The call recorder: records each operation once, as a template."""

import logging
import shutil
from pathlib import Path
from typing import Any

import pytest
import responses
from flask import Flask

from app import config as settings
from app.connect import ScopeError, TenantService
from app.connect.outbound.recorder import (
    FILE_NAME,
    CallRecorder,
    RecordedCall,
    read_calls,
)
from app.connect.outbound.state import get_outbound
from app.connect.protocol.operations import find_operation
from tests import signing
from tests.connect.outbound.host import JIRA_SITE, tenant_at
from tests.connect.outbound.scopes import declare
from tests.example import create_app

READ_PAGE = "GET /api/v2/pages/{id}\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / FILE_NAME


@pytest.fixture
def recorder(file: Path) -> CallRecorder:
    return CallRecorder(file)


def record(recorder: CallRecorder, method: str, path: str) -> None:
    recorder.record(method, path, find_operation(method, path))


def test_an_operation_is_noted_once_without_ids(
    recorder: CallRecorder, file: Path
) -> None:
    record(recorder, "GET", "/wiki/api/v2/pages/98421?title=canary")
    record(recorder, "GET", "/api/v2/pages/98422")
    record(recorder, "HEAD", "/api/v2/pages/98423")
    record(recorder, "get", "/rest/canary/1")
    record(recorder, "PATCH", "/api/v2/pages/98421")
    assert file.read_text() == (f"{READ_PAGE}GET /rest/...\nPATCH /api/v2/pages/...\n")


def test_what_another_process_has_noted_is_not_noted_again(file: Path) -> None:
    for _ in range(2):
        record(CallRecorder(file), "GET", "/api/v2/pages/1")
    assert file.read_text() == READ_PAGE


def test_after_the_file_is_deleted_all_calls_are_recorded_again(
    recorder: CallRecorder, file: Path
) -> None:
    record(recorder, "GET", "/api/v2/pages/1")
    file.unlink()
    record(recorder, "GET", "/api/v2/pages/1")
    assert file.read_text() == READ_PAGE


def test_a_file_that_cannot_be_written_spoils_no_call(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    recorder = CallRecorder(tmp_path / "missing" / FILE_NAME)
    record(recorder, "GET", "/api/v2/pages/1")
    record(recorder, "GET", "/api/v2/pages/1")
    [logged] = caplog.records
    assert logged.levelno == logging.WARNING
    assert logged.getMessage().startswith("calls are not recorded: ")


def test_lines_that_are_no_calls_are_left_out(file: Path) -> None:
    assert read_calls(file) == []
    text = f"{READ_PAGE}\nGET\nget /x\nGET /a b\nGET /{'x' * 301}\nGET /rest/...\n"
    file.write_bytes(text.encode() + b"\xff\n" + READ_PAGE.encode())
    known, unknown = read_calls(file)
    assert known == RecordedCall("/api/v2/pages/{id}", "GET")
    assert known.operation == find_operation("GET", "/api/v2/pages/1")
    assert (str(unknown), unknown.operation) == ("GET /rest/...", None)


@pytest.fixture
def service(app: Flask, app_context: None, recorder: CallRecorder) -> TenantService:
    """The service of an app with the scope READ."""
    declare(app, "READ", recorder=recorder)
    return TenantService(tenant_at(signing.SITE), shared_secret=signing.SECRET)


def test_a_call_of_the_app_is_noted(
    service: TenantService, network: responses.RequestsMock, file: Path
) -> None:
    network.get(f"{signing.SITE}/api/v2/pages/1")
    service.request("GET", "/api/v2/pages/1")
    assert file.read_text() == READ_PAGE


def test_a_call_that_lacks_its_scope_is_noted(
    service: TenantService, file: Path
) -> None:
    with pytest.raises(ScopeError):
        service.request("DELETE", "/api/v2/pages/1")
    assert file.read_text() == "DELETE /api/v2/pages/{id}\n"


def test_of_jira_only_the_resources_of_connect_are_noted(
    app: Flask, app_context: None, recorder: CallRecorder, file: Path
) -> None:
    declare(app, "READ", recorder=recorder)
    get_outbound().rules.check("GET", f"{JIRA_SITE}/rest/api/3/issue/1", "jira")
    assert not file.exists()
    addon = f"{JIRA_SITE}/rest/atlassian-connect/1/addons/{signing.APP_KEY}"
    get_outbound().rules.check("GET", addon, "jira")
    assert file.read_text() == "GET /rest/atlassian-connect/1/addons/{addonKey}\n"


@pytest.mark.parametrize(("setting", "noted"), [(None, False), ("yes", True)])
def test_nothing_is_noted_unless_asked_for(
    config: dict[str, Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    network: responses.RequestsMock,
    setting: str | None,
    noted: bool,
) -> None:
    name = "atlassian-connect.json"
    shutil.copy(settings.ROOT / name, tmp_path / name)
    monkeypatch.setattr(settings, "ROOT", tmp_path)
    app = create_app({**config, "CONNECT_RECORD_CALLS": setting})
    network.get(f"{signing.SITE}/api/v2/pages/1")
    with app.app_context():
        tenant = tenant_at(signing.SITE)
        service = TenantService(tenant, shared_secret=signing.SECRET)
        service.request("GET", "/api/v2/pages/1")
    assert (tmp_path / "instance" / FILE_NAME).exists() is noted
