"""The descriptor: loaded, filled in, and served."""

import json
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from app.connect.descriptor.document import load_descriptor
from app.connect.errors import DescriptorError
from tests import signing
from tests.example import HOME, create_app

PATH = HOME / "atlassian-connect.json"
SETTINGS = {
    "CONNECT_BASE_URL": "https://other.example.com",
    "CONNECT_APP_KEY": None,
    "CONNECT_APP_NAME": None,
}


def write(tmp_path: Path, text: str | bytes) -> Path:
    path = tmp_path / "atlassian-connect.json"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_the_file_is_served_as_it_is_but_for_the_base_url(client: FlaskClient) -> None:
    answer = client.get("/atlassian-connect.json")
    assert answer.status_code == 200
    assert answer.mimetype == "application/json"
    descriptor = json.loads(PATH.read_text(encoding="utf-8"))
    assert answer.get_json() == descriptor | {"baseUrl": signing.BASE_URL}


@pytest.mark.parametrize(
    ("setting", "value", "name"),
    [
        ("CONNECT_BASE_URL", "https://other.example.com/base", "baseUrl"),
        ("CONNECT_APP_KEY", "com.example.other", "key"),
        ("CONNECT_APP_NAME", "Other App", "name"),
    ],
)
def test_a_setting_is_before_the_file(
    config: dict[str, Any], setting: str, value: str, name: str
) -> None:
    app = create_app(config | {setting: value})
    path = "/base" if name == "baseUrl" else ""
    answer = app.test_client().get(f"{path}/atlassian-connect.json").get_json()
    usual = create_app(config).test_client().get("/atlassian-connect.json").get_json()
    assert answer == usual | {name: value}


def test_the_app_key_of_the_settings_is_the_app_s(config: dict[str, Any]) -> None:
    app = create_app(config | {"CONNECT_APP_KEY": "com.example.other"})
    answer = app.test_client().get("/overview")
    assert answer.headers["WWW-Authenticate"] == 'JWT realm="com.example.other"'


def test_a_client_with_the_current_descriptor_gets_304(client: FlaskClient) -> None:
    first = client.get("/atlassian-connect.json")
    etag = first.headers["ETag"]
    again = client.get("/atlassian-connect.json", headers={"If-None-Match": etag})
    assert again.status_code == 304
    assert again.data == b""
    assert again.headers["ETag"] == etag
    other = client.get("/atlassian-connect.json", headers={"If-None-Match": '"x"'})
    assert other.status_code == 200
    assert other.data == first.data


def test_another_descriptor_has_another_etag(config: dict[str, Any]) -> None:
    etags = {
        create_app(config | {"CONNECT_APP_NAME": name})
        .test_client()
        .get("/atlassian-connect.json")
        .headers["ETag"]
        for name in ("One", "Two")
    }
    assert len(etags) == 2


def test_a_head_request_has_headers_alone(client: FlaskClient) -> None:
    got = client.get("/atlassian-connect.json")
    head = client.head("/atlassian-connect.json")
    assert head.status_code == 200
    assert head.data == b""
    assert head.headers["ETag"] == got.headers["ETag"]
    assert head.headers["Content-Length"] == str(len(got.data))


def test_the_descriptor_may_be_kept_but_is_asked_for(client: FlaskClient) -> None:
    assert client.get("/atlassian-connect.json").headers["Cache-Control"] == "no-cache"


def test_the_descriptor_is_not_written_to(client: FlaskClient) -> None:
    assert client.post("/atlassian-connect.json").status_code == 405


@pytest.mark.parametrize("key", [None, ""])
def test_the_file_s_key_and_name_stand_unless_set(tmp_path: Path, key: Any) -> None:
    path = write(tmp_path, '{"key": "k", "name": "n", "baseUrl": "b", "other": 1}')
    settings = SETTINGS | {"CONNECT_APP_KEY": key, "CONNECT_APP_NAME": key}
    assert load_descriptor(path, settings) == {
        "key": "k",
        "name": "n",
        "baseUrl": "https://other.example.com",
        "other": 1,
    }


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        pytest.param("", "is not JSON", id="empty"),
        pytest.param("{", "is not JSON", id="cut"),
        pytest.param('{"key": "k",}', "is not JSON", id="comma-at-the-end"),
        pytest.param("key: k", "is not JSON", id="not-json"),
        pytest.param(b"\xff\xfe", "is not JSON", id="not-utf-8"),
        pytest.param("[]", r"\$ is not an object: write \{...\}", id="list"),
        pytest.param("null", r"\$ is not an object: write \{...\}", id="null"),
        pytest.param('"a"', r"\$ is not an object: write \{...\}", id="string"),
    ],
)
def test_a_file_that_is_no_json_object_is_refused(
    tmp_path: Path, text: str | bytes, reason: str
) -> None:
    with pytest.raises(DescriptorError, match=reason):
        load_descriptor(write(tmp_path, text), SETTINGS)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    path = tmp_path / "atlassian-connect.json"
    with pytest.raises(DescriptorError) as caught:
        load_descriptor(path, SETTINGS)
    assert caught.value.problems == (
        f"{path} can't be read: No such file or directory",
    )


def test_a_wrong_descriptor_stops_the_start_naming_all_that_is_wrong(
    config: dict[str, Any], tmp_path: Path
) -> None:
    descriptor = json.loads(PATH.read_text(encoding="utf-8"))
    descriptor["apiMigrations"]["signed-install"] = False
    descriptor["scopes"] = ["ALL"]
    write(tmp_path, json.dumps(descriptor))
    with pytest.raises(DescriptorError, match="^atlassian-connect.json: ") as caught:
        create_app(config, home=tmp_path)
    places = [problem.split()[0] for problem in caught.value.problems]
    assert places == ["$.scopes[0]", "$.apiMigrations.signed-install"]
    assert all(problem in str(caught.value) for problem in caught.value.problems)


def test_a_wrong_key_in_the_settings_stops_the_start(config: dict[str, Any]) -> None:
    with pytest.raises(DescriptorError, match=r"\$\.key "):
        create_app(config | {"CONNECT_APP_KEY": 'a"b'})


def test_a_module_that_is_not_served_stops_the_start(
    config: dict[str, Any], tmp_path: Path
) -> None:
    descriptor = json.loads(PATH.read_text(encoding="utf-8"))
    descriptor["modules"]["generalPages"][0]["url"] = "/nowhere"
    write(tmp_path, json.dumps(descriptor))
    (tmp_path / "static").symlink_to(HOME / "static")
    with pytest.raises(DescriptorError) as caught:
        create_app(config, home=tmp_path)
    assert caught.value.problems == (
        "$.modules.generalPages[0].url is not served by the app: add a route for it",
    )
