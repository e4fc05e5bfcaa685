"""Dynamic modules: registered all or none, removed by key or all at once."""

import json
from typing import Any

import pytest
import responses

from app.connect import TenantService
from app.connect.errors import (
    HostResponseError,
    ModuleRejectedError,
    RateLimitedError,
    TokenRefusedError,
)
from tests import signing
from tests.connect.outbound.host import assert_signed

URL = f"{signing.SITE}/rest/atlassian-connect/1/app/module/dynamic"
ITEM = {
    "key": "link",
    "location": "system.header/left",
    "name": {"value": "Lïnk 🙂"},
    "url": "/overview",
}
DUPLICATE = (
    "Installation failed. The app com.example.app.key has duplicate module keys: "
    "[module-key]. Please contact the app vendor."
)


def test_list_returns_the_modules_by_type(
    service: TenantService, network: responses.RequestsMock
) -> None:
    network.get(URL, json={"webItems": [ITEM], "webPanels": []})
    assert service.modules.list() == {"webItems": [ITEM], "webPanels": []}
    assert network.calls[0].request.url == URL
    assert_signed(network.calls[0].request)


@pytest.mark.parametrize("answer", [[], True, "x", 1], ids=repr)
def test_a_list_that_is_no_object_is_a_host_response_error(
    service: TenantService, network: responses.RequestsMock, answer: Any
) -> None:
    network.get(URL, json=answer)
    with pytest.raises(HostResponseError, match="not an object of modules") as caught:
        service.modules.list()
    assert (caught.value.status_code, caught.value.method) == (200, "GET")


def test_register_sends_the_modules_as_the_descriptor_has_them(
    service: TenantService, network: responses.RequestsMock
) -> None:
    network.post(URL)

    service.modules.register({"webItems": [ITEM]})

    request = network.calls[0].request
    assert json.loads(request.body or "") == {"webItems": [ITEM]}
    assert request.headers["Content-Type"] == "application/json"
    assert_signed(request)


def test_a_refused_module_carries_the_hosts_reason(
    service: TenantService, network: responses.RequestsMock
) -> None:
    network.post(URL, status=400, json={"message": DUPLICATE})

    with pytest.raises(ModuleRejectedError) as caught:
        service.modules.register({"webItems": [ITEM, ITEM]})

    error = caught.value
    assert (error.status_code, error.message) == (400, DUPLICATE)
    assert error.method == "POST"
    assert error.path == "/wiki/rest/atlassian-connect/1/app/module/dynamic"


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (401, TokenRefusedError),
        (403, HostResponseError),
        (404, HostResponseError),
        (429, RateLimitedError),
        (500, HostResponseError),
    ],
)
def test_another_refusal_is_no_rejected_module(
    service: TenantService,
    network: responses.RequestsMock,
    status: int,
    kind: type[HostResponseError],
) -> None:
    network.post(
        URL, status=status, json={"message": "The request is not from a Connect app."}
    )
    with pytest.raises(HostResponseError) as caught:
        service.modules.register({"webItems": [ITEM]})
    assert type(caught.value) is kind
    assert caught.value.message == "The request is not from a Connect app."


def test_only_register_can_be_rejected(
    service: TenantService, network: responses.RequestsMock
) -> None:
    network.get(URL, status=400)
    network.delete(URL, status=400)
    for call in (service.modules.list, service.modules.remove_all):
        with pytest.raises(HostResponseError) as caught:
            call()
        assert type(caught.value) is HostResponseError


@pytest.mark.parametrize(
    ("keys", "query"),
    [
        pytest.param(("a",), "moduleKey=a", id="one"),
        pytest.param(("b", "a"), "moduleKey=b&moduleKey=a", id="two"),
        pytest.param(
            ("a b", "é&moduleKey=c"),
            "moduleKey=a+b&moduleKey=%C3%A9%26moduleKey%3Dc",
            id="odd characters",
        ),
    ],
)
def test_remove_names_each_key(
    service: TenantService,
    network: responses.RequestsMock,
    keys: tuple[str, ...],
    query: str,
) -> None:
    network.delete(URL, status=204)
    service.modules.remove(*keys)
    assert network.calls[0].request.url == f"{URL}?{query}"
    assert_signed(network.calls[0].request)


@pytest.mark.parametrize(
    "keys",
    [
        pytest.param((), id="none"),
        pytest.param(("",), id="empty"),
        pytest.param(("a", ""), id="one of them empty"),
        pytest.param((None,), id="null"),
        pytest.param((["a"],), id="a list"),
    ],
)
def test_remove_without_a_key_is_refused_before_it_removes_everything(
    service: TenantService, network: responses.RequestsMock, keys: tuple[Any, ...]
) -> None:
    with pytest.raises(ValueError, match="at least one module key"):
        service.modules.remove(*keys)
    assert not network.calls


def test_remove_all_names_no_key(
    service: TenantService, network: responses.RequestsMock
) -> None:
    network.delete(URL, status=204)
    service.modules.remove_all()
    assert network.calls[0].request.url == URL
    assert_signed(network.calls[0].request)
