"""The test kit's signatures, and its server for the app."""

import threading
from typing import Any

import jwt
import pytest
import requests
from atlassian_jwt.url_utils import hash_url
from flask import Flask, request

from devhost.descriptor.document import InstallError
from devhost.install.license import Licenses
from devhost.testing.app_server import ReservedPort, serve
from devhost.testing.confluence import RecordingConfluence
from devhost.testing.installed_app import InstalledApp
from devhost.testing.signatures import Signature, signed_url, target_of
from devhost.testing.signed_client import SignedClient
from tests.fake_app import APP_KEY, FakeApp

ADMINISTRATOR = "557058:devhost-administrator"
WELCOME_PAGE = "98421"


@pytest.fixture
def echo() -> Flask:
    """An app that returns the request."""
    app = Flask("echo")

    @app.route("/<path:path>", methods=["GET", "POST"])
    def answer(path: str) -> dict[str, Any]:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        target = request.environ["RAW_URI"]
        return {"target": target, "scheme": scheme, "token": token, "x": request.form}

    return app


@pytest.fixture
def installed_app(
    echo: Flask, confluence: RecordingConfluence, installed: FakeApp
) -> InstalledApp:
    return InstalledApp(echo, confluence, installed.base_url, APP_KEY)


@pytest.fixture
def client(installed_app: InstalledApp) -> SignedClient:
    return SignedClient(installed_app.app, Signature(installed_app))


def claims_of(client: SignedClient, path: str = "/page", **options: Any) -> Any:
    """Return the claims that the app gets; the signature is verified."""
    answer = client.open(path, **options).json
    assert answer is not None and answer["scheme"] == "JWT"
    secret = client._base.installed_app.installation().shared_secret
    return jwt.decode(answer["token"], secret, algorithms=["HS256"])


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("/page", "/page"),
        ("/page?a=b&c=", "/page?a=b&c="),
        ("/Grüße & more?x=ä b", "/Gr%C3%BC%C3%9Fe%20&%20more?x=%C3%A4%20b"),
        ("/a%20b?c=%2B+d", "/a%20b?c=%2B+d"),
    ],
)
def test_a_url_bound_token_is_for_the_request_as_it_is_sent(
    client: SignedClient, path: str, target: str
) -> None:
    answer = client.get(path).json
    assert answer is not None and answer["target"] == target
    assert claims_of(client, path)["qsh"] == hash_url("GET", target)
    assert claims_of(client, path, method="POST")["qsh"] == hash_url("POST", target)


def test_parameters_are_signed_as_well(client: SignedClient) -> None:
    expected = hash_url("GET", "/page?a=1&b=2&b=3")
    query = {"b": ["2", "3"]}
    assert claims_of(client, "/page?a=1", query_string=query)["qsh"] == expected
    assert claims_of(client, "/page?a=1", query_string="b=2&b=3")["qsh"] == expected


def test_the_token_names_tenant_user_and_place(
    client: SignedClient, installed_app: InstalledApp
) -> None:
    claims = claims_of(client)
    assert claims["iss"] == installed_app.client_key
    assert claims["sub"] == ADMINISTRATOR
    assert claims["context"]["confluence"] == {}
    placed = claims_of(client.on_content(WELCOME_PAGE))["context"]["confluence"]
    assert (placed["content"]["id"], placed["space"]["key"]) == (WELCOME_PAGE, "DS")
    assert claims_of(client.with_context({"a": 1}))["context"] == {"a": 1}
    assert claims_of(client.as_user("user"))["sub"] == "557058:devhost-ordinary-user"
    assert "sub" not in claims_of(client.as_user("anonymous"))


def test_a_context_jwt_is_not_bound_to_a_request(client: SignedClient) -> None:
    assert claims_of(client.with_context_jwt())["qsh"] == "context-qsh"


def test_a_wrong_token_has_exactly_one_fault(client: SignedClient) -> None:
    right, expired = claims_of(client), client.expired()
    with pytest.raises(jwt.ExpiredSignatureError):
        claims_of(expired)
    with pytest.raises(jwt.InvalidSignatureError):
        claims_of(client.with_secret("another-secret-of-enough-length-for-HS256"))
    other = claims_of(client.signed_for("/other", "POST"))
    assert other == {**right, "qsh": hash_url("POST", "/other"), "iat": other["iat"],
                     "exp": other["exp"]}  # fmt: skip
    changed = client.with_claims(iss="nobody").with_claims(sub=None, aud="x")
    answer = changed.get("/page").json
    assert answer is not None
    claims = jwt.decode(answer["token"], options={"verify_signature": False})
    assert (claims["iss"], claims["aud"], "sub" in claims) == ("nobody", "x", False)


def test_a_client_without_token_sends_none(client: SignedClient) -> None:
    answer = client.unsigned().get("/page").json
    assert answer is not None and answer["token"] == ""
    # The client it was made from still signs.
    assert claims_of(client)["sub"] == ADMINISTRATOR


def test_another_site_signs_as_its_own_tenant(
    client: SignedClient, installed_app: InstalledApp
) -> None:
    second = installed_app.confluence.start_second_site()
    answer = client.on_site(second).get("/page").json
    assert answer is not None
    known = installed_app.installation(second)
    claims = jwt.decode(answer["token"], known.shared_secret, algorithms=["HS256"])
    assert claims["iss"] == known.client_key != installed_app.client_key


def test_headers_and_bodies_are_sent_along(client: SignedClient) -> None:
    answer = client.post("/page", data={"a": "b"}, headers={"Accept": "text/html"})
    assert answer.json is not None and answer.json["x"] == {"a": "b"}
    given = client.get("/page", headers={"Authorization": "Bearer mine"}).json
    assert given is not None and given["token"] == "mine"


@pytest.mark.parametrize("path", ["page", "https://x.example/page", "//x/page", ""])
def test_only_a_path_of_the_app_is_signed(path: str) -> None:
    with pytest.raises(ValueError, match="write a path of the app"):
        target_of(path)


def test_a_signed_url_is_accepted_by_the_app(
    installed_app: InstalledApp, installed: FakeApp
) -> None:
    url = signed_url(Signature(installed_app), "/page?page=1")
    assert requests.get(url, timeout=10).status_code == 200
    assert installed.pages[-1]["claims"]["sub"] == ADMINISTRATOR


def test_the_lifecycle_and_the_license_are_calls(
    installed_app: InstalledApp, installed: FakeApp
) -> None:
    secret = installed_app.installation().shared_secret
    installed_app.rotate_secret()
    assert installed_app.installation().shared_secret not in {secret, ""}
    installed_app.disable()
    installed_app.enable()
    installed_app.switch_license("expired")
    installed_app.uninstall()
    assert not installed_app.is_installed
    installed_app.install()
    assert [one.event for one in installed.received] == [
        "installed", "enabled", "installed", "disabled", "enabled", "disabled",
        "uninstalled", "installed", "enabled",
    ]  # fmt: skip
    licences = installed_app.confluence.site.get(Licenses)
    assert licences.of(installed_app.installation()).state == "expired"
    installed.answers["installed"] = 400
    with pytest.raises(InstallError, match="code 400"):
        installed_app.rotate_secret()


def test_an_app_that_was_never_installed_has_no_tenant(
    echo: Flask, confluence: RecordingConfluence
) -> None:
    stranger = InstalledApp(echo, confluence, "http://127.0.0.1:1", "com.example.none")
    assert not stranger.is_installed
    with pytest.raises(LookupError, match=r"com\.example\.none was never installed"):
        _ = stranger.client_key


def test_a_port_refuses_connections_unless_an_app_is_served(echo: Flask) -> None:
    port = ReservedPort()
    for _ in range(2):
        with pytest.raises(requests.ConnectionError):
            requests.get(port.base_url, timeout=10)
        with serve(echo, port):
            assert requests.get(f"{port.base_url}/x", timeout=10).ok
    with pytest.raises(requests.ConnectionError):
        requests.get(port.base_url, timeout=10)
    port.close()


def test_a_server_that_stops_finishes_its_answers() -> None:
    begun, go_on, finished = (threading.Event() for _ in range(3))
    app = Flask("slow")

    @app.get("/")
    def slow() -> str:
        begun.set()
        go_on.wait(30)
        finished.set()
        return "done"

    port = ReservedPort()
    answers: list[str] = []

    def ask() -> None:
        answers.append(requests.get(port.base_url, timeout=30).text)

    client = threading.Thread(target=ask)
    with serve(app, port):
        client.start()
        assert begun.wait(30)
        threading.Timer(0.2, go_on.set).start()
    assert finished.is_set()
    client.join()
    assert answers == ["done"]
    port.close()


def test_a_failing_app_does_not_block_the_server(echo: Flask) -> None:
    def failing(environ: Any, start_response: Any) -> Any:
        raise RuntimeError

    port = ReservedPort()
    with serve(failing, port):
        assert requests.get(port.base_url, timeout=10).status_code == 500
    port.close()
