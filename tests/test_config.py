"""The settings: defaults, precedence, and errors for malformed ones."""

import re
from base64 import urlsafe_b64encode
from pathlib import Path
from typing import Any

import pytest

from app import config as settings
from app.config import ROOT, SETTINGS, load, load_one
from app.connect.errors import ConfigurationError
from tests.example import create_app

# Fixed, since parallel test runs compare the names of their cases.
KEY = urlsafe_b64encode(bytes(range(32))).decode()
SECOND_KEY = urlsafe_b64encode(bytes(range(32, 64))).decode()
SECRET = "canary-8f14e45fceea167a5a36dedd4bea2543"
LETTERS = "canary-abcdefghijklmnopqrstuvwxyz"
FLASKS_EXAMPLE = "192b9bdd22ab9ed4d12e236c78afcb9a393ec15f71bbf5dc987d54727823bcbf"
GIVEN = {
    "SECRET_KEY": SECRET,
    "CONNECT_BASE_URL": "https://app.example.com",
    "CONNECT_ENCRYPTION_KEYS": KEY,
}
REQUIRED = set(GIVEN)
REFERENCE = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
DOCUMENTS = [ROOT / "README.md", ROOT / "SECURITY.md", *sorted(ROOT.glob("docs/*.md"))]
DEFAULTS = {
    "DATABASE_URL": f"sqlite:///{ROOT / 'instance' / 'app.sqlite3'}",
    "CELERY_BROKER_URL": f"sqla+sqlite:///{ROOT / 'instance' / 'broker.sqlite3'}",
    "BIND": "127.0.0.1:8080",
    "TRUSTED_PROXIES": 0,
    "LOG_LEVEL": "INFO",
    "LOG_FORMAT": "text",
    "PROMETHEUS_MULTIPROC_DIR": None,
    "SENTRY_DSN": None,
    "CONNECT_APP_KEY": None,
    "CONNECT_APP_NAME": None,
    "CONNECT_ALLOWED_HOSTS": (".atlassian.net", ".jira.com"),
    "CONNECT_KEY_SERVERS": (
        "https://connect-install-keys.atlassian.com",
        "https://asap-distribution.us-west-2.prod.atl-asap.net",
    ),
    "CONNECT_OAUTH_SERVER": (
        "https://oauth-2-authorization-server.services.atlassian.com"
    ),
    "CONNECT_ALL_JS_URL": "https://connect-cdn.atl-paas.net/all.js",
    "CONNECT_CLOCK_LEEWAY": 30,
    "CONNECT_SECRET_GRACE": 86_400,
    "CONNECT_TENANT_CACHE_SECONDS": 30,
    "CONNECT_PERMISSION_CACHE_SECONDS": 10,
    "CONNECT_TENANT_RETENTION_DAYS": 60,
    "CONNECT_DATA_POLICY_CACHE_SECONDS": 30,
    "CONNECT_RECORD_CALLS": False,
    "CONNECT_LICENSE_POLICY": "block",
    "CONNECT_LICENSE_CACHE_SECONDS": 300,
    "CONNECT_LICENSE_GRACE": 259_200,
    "CONNECT_REQUEST_WAIT_SECONDS": 10,
    "CONNECT_WEBHOOK_MAX_ATTEMPTS": 12,
    "CONNECT_WEBHOOK_RETRY_SECONDS": 10,
    "CONNECT_WEBHOOK_RETENTION_DAYS": 7,
    "CONNECT_WEBHOOK_ID_HEADER": "X-Atlassian-Webhook-Identifier",
}


def test_every_setting_has_its_default() -> None:
    assert load(GIVEN) == {
        **DEFAULTS,
        "SECRET_KEY": SECRET,
        "CONNECT_BASE_URL": "https://app.example.com",
        "CONNECT_ENCRYPTION_KEYS": (KEY,),
    }


def test_every_setting_is_known_here() -> None:
    assert set(SETTINGS) == REQUIRED | set(DEFAULTS)


@pytest.mark.parametrize("name", sorted(SETTINGS))
def test_every_setting_has_a_meaning(name: str) -> None:
    assert len(SETTINGS[name].meaning) > 10


@pytest.mark.parametrize("name", sorted(SETTINGS))
def test_every_setting_has_its_row_in_the_reference(name: str) -> None:
    [row] = re.findall(
        rf"^\| `{name}` \| (.+) \| .{{10,}} \|$", REFERENCE, re.MULTILINE
    )
    default = SETTINGS[name].default
    if isinstance(default, int) and not isinstance(default, bool):
        assert row == f"`{default}`"


def test_the_reference_names_settings_only() -> None:
    rows = re.findall(r"^\| `([A-Z_]+)` \|", REFERENCE, re.MULTILINE)
    assert sorted(rows) == sorted(SETTINGS)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_the_documents_name_settings_that_exist(document: Path) -> None:
    named = re.findall(r"`(CONNECT_[A-Z_]*[A-Z])`", document.read_text("utf-8"))
    assert set(named) <= set(SETTINGS)


@pytest.mark.parametrize("name", sorted(DEFAULTS))
@pytest.mark.parametrize("nothing", [None, "", "  "])
def test_an_empty_value_counts_as_not_set(name: str, nothing: Any) -> None:
    assert load(GIVEN | {name: nothing})[name] == DEFAULTS[name]


@pytest.mark.parametrize("name", sorted(REQUIRED))
@pytest.mark.parametrize("nothing", [None, "", "  "])
def test_a_missing_setting_is_named(name: str, nothing: Any) -> None:
    with pytest.raises(ConfigurationError, match=f"^{name} is not set") as caught:
        load(GIVEN | {name: nothing})
    assert SETTINGS[name].meaning in str(caught.value)
    assert "\n" not in str(caught.value)
    assert KEY not in str(caught.value)
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "value", "read"),
    [
        ("DATABASE_URL", "sqlite:///a.sqlite3", "sqlite:///a.sqlite3"),
        ("DATABASE_URL", "sqlite://", "sqlite://"),
        ("DATABASE_URL", "postgres://u:p@h/d", "postgresql+psycopg://u:p@h/d"),
        ("DATABASE_URL", "postgresql://u:p@h/d", "postgresql+psycopg://u:p@h/d"),
        (
            "DATABASE_URL",
            "postgresql+psycopg://u:p@h:5432/d?sslmode=require",
            "postgresql+psycopg://u:p@h:5432/d?sslmode=require",
        ),
        (
            "CONNECT_BASE_URL",
            " https://App.Example.com/a/ ",
            "https://app.example.com/a",
        ),
        ("CONNECT_BASE_URL", "http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("PROMETHEUS_MULTIPROC_DIR", ".", "."),
        ("CELERY_BROKER_URL", "redis://h:6379/0", "redis://h:6379/0"),
        ("CELERY_BROKER_URL", "rediss://:p@h", "rediss://:p@h"),
        ("CELERY_BROKER_URL", "amqps://u:p@h:5671//", "amqps://u:p@h:5671//"),
        ("CELERY_BROKER_URL", "amqp://a;amqp://b", "amqp://a;amqp://b"),
        ("CELERY_BROKER_URL", "sqla+sqlite:///b.db", "sqla+sqlite:///b.db"),
        ("BIND", "0.0.0.0:80", "0.0.0.0:80"),
        ("BIND", "app-1.internal:65535", "app-1.internal:65535"),
        ("BIND", "[::]:8080", "[::]:8080"),
        ("BIND", "unix:/run/app.sock", "unix:/run/app.sock"),
        ("TRUSTED_PROXIES", "2", 2),
        ("LOG_LEVEL", "debug", "DEBUG"),
        ("LOG_FORMAT", "json", "json"),
        ("CONNECT_APP_KEY", "com.example.other", "com.example.other"),
        ("CONNECT_APP_NAME", " Other App ", "Other App"),
        ("CONNECT_ENCRYPTION_KEYS", f"{SECOND_KEY} , {KEY}", (SECOND_KEY, KEY)),
        ("CONNECT_ENCRYPTION_KEYS", [SECOND_KEY, KEY], (SECOND_KEY, KEY)),
        ("CONNECT_ALLOWED_HOSTS", "localhost", ("localhost",)),
        ("CONNECT_ALLOWED_HOSTS", ".A.example, b,", (".a.example", "b")),
        ("CONNECT_ALLOWED_HOSTS", (".a.example", "b"), (".a.example", "b")),
        ("CONNECT_ALLOWED_HOSTS", "[::1],127.0.0.1", ("[::1]", "127.0.0.1")),
        (
            "CONNECT_KEY_SERVERS",
            "https://a.example/keys/, http://localhost:8090/install-keys",
            ("https://a.example/keys", "http://localhost:8090/install-keys"),
        ),
        (
            "CONNECT_ALL_JS_URL",
            "http://localhost:8090/wiki/all.js",
            "http://localhost:8090/wiki/all.js",
        ),
        ("CONNECT_CLOCK_LEEWAY", "0", 0),
        ("CONNECT_CLOCK_LEEWAY", 60, 60),
        ("CONNECT_SECRET_GRACE", " 3600 ", 3_600),
        ("CONNECT_TENANT_CACHE_SECONDS", "0", 0),
        ("CONNECT_TENANT_RETENTION_DAYS", "36500", 36_500),
        ("CONNECT_DATA_POLICY_CACHE_SECONDS", "0", 0),
        ("CONNECT_RECORD_CALLS", " Yes ", True),
        ("CONNECT_RECORD_CALLS", True, True),
        ("CONNECT_RECORD_CALLS", "1", True),
        ("CONNECT_RECORD_CALLS", "no", False),
        ("CONNECT_RECORD_CALLS", False, False),
        ("CONNECT_LICENSE_POLICY", " warn ", "warn"),
        ("CONNECT_WEBHOOK_MAX_ATTEMPTS", "1", 1),
        ("CONNECT_WEBHOOK_ID_HEADER", "X-Webhook-Id", "X-Webhook-Id"),
    ],
)
def test_a_setting_is_converted_to_its_type(name: str, value: Any, read: Any) -> None:
    assert load(GIVEN | {name: value})[name] == read


@pytest.mark.parametrize(
    ("given", "bind"),
    [
        ({"PORT": "5000"}, "0.0.0.0:5000"),
        ({"PORT": ""}, "127.0.0.1:8080"),
        ({"PORT": "5000", "BIND": ""}, "0.0.0.0:5000"),
        ({"PORT": "5000", "BIND": "127.0.0.1:8080"}, "127.0.0.1:8080"),
    ],
)
def test_a_port_alone_opens_every_interface(given: dict[str, str], bind: str) -> None:
    assert load(GIVEN | given)["BIND"] == bind


def test_a_malformed_port_is_named() -> None:
    with pytest.raises(
        ConfigurationError, match=r"^BIND is .*0\.0\.0\.0:\$PORT if PORT is set$"
    ):
        load(GIVEN | {"PORT": "eighty"})


def test_one_setting_is_read_though_others_are_missing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert load_one("LOG_LEVEL") == "INFO"
    monkeypatch.setenv("LOG_LEVEL", "warning")
    assert load_one("LOG_LEVEL") == "WARNING"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        pytest.param("DATABASE_URL", "canary", id="database-no-url"),
        pytest.param("DATABASE_URL", "sqlite", id="database-only-a-scheme"),
        pytest.param("DATABASE_URL", "postgres", id="database-only-postgres"),
        pytest.param("DATABASE_URL", "mysql://u:canary@h/d", id="database-mysql"),
        pytest.param("DATABASE_URL", "sqlite+canary://", id="database-driver"),
        pytest.param(
            "DATABASE_URL", "postgresql+asyncpg://u:canary@h/d", id="database-no-driver"
        ),
        pytest.param(
            "DATABASE_URL", "postgresql://u:canary@h:port/d", id="database-port"
        ),
        pytest.param("CELERY_BROKER_URL", "canary", id="broker-no-url"),
        pytest.param("BIND", "canary", id="bind-only-a-host"),
        pytest.param("BIND", "8080", id="bind-only-a-port"),
        pytest.param("BIND", ":8080", id="bind-no-host"),
        pytest.param("BIND", "127.0.0.1:0", id="bind-no-port"),
        pytest.param("BIND", "127.0.0.1:65536", id="bind-port-too-big"),
        pytest.param("BIND", "::1:8080", id="bind-no-brackets"),
        pytest.param("BIND", "unix:canary.sock", id="bind-relative-path"),
        pytest.param("BIND", "http://canary:80", id="bind-url"),
        pytest.param("TRUSTED_PROXIES", "all", id="proxies-word"),
        pytest.param("TRUSTED_PROXIES", "-1", id="proxies-negative"),
        pytest.param("LOG_LEVEL", "canary", id="level"),
        pytest.param("LOG_LEVEL", "10", id="level-number"),
        pytest.param("LOG_FORMAT", "canary", id="log-format"),
        pytest.param("CONNECT_RECORD_CALLS", "canary", id="record-neither"),
        pytest.param("CONNECT_DATA_POLICY_CACHE_SECONDS", "-1", id="policy-negative"),
        pytest.param("CONNECT_LICENSE_POLICY", "off", id="license-policy"),
        pytest.param("CONNECT_WEBHOOK_MAX_ATTEMPTS", "0", id="no-attempts"),
        pytest.param("CONNECT_WEBHOOK_RETRY_SECONDS", "-1", id="retry-before"),
        pytest.param("CONNECT_WEBHOOK_ID_HEADER", "X canary", id="header-space"),
        pytest.param("CELERY_BROKER_URL", "redis", id="broker-only-a-scheme"),
        pytest.param("CELERY_BROKER_URL", "kafka://canary", id="broker-kafka"),
        pytest.param("CELERY_BROKER_URL", "redis://u:canary@h:x/0", id="broker-port"),
        pytest.param("CELERY_BROKER_URL", "amqp://canary;", id="broker-empty-second"),
        pytest.param(
            "CELERY_BROKER_URL", "sqla+sqlite://u:canary@h:x/d", id="broker-sqlite-port"
        ),
        pytest.param("PROMETHEUS_MULTIPROC_DIR", "/no/canary", id="metrics-folder"),
        pytest.param("CONNECT_BASE_URL", "canary.example.com", id="base-no-scheme"),
        pytest.param("CONNECT_BASE_URL", "http://canary.example.com", id="base-http"),
        pytest.param("CONNECT_BASE_URL", "https://u:canary@a.example", id="base-user"),
        pytest.param("CONNECT_BASE_URL", "https://a.example?canary", id="base-query"),
        pytest.param("CONNECT_BASE_URL", "https://[:::]/canary", id="base-address"),
        pytest.param(
            "CONNECT_BASE_URL", "https://a.example,https://b.example", id="base-two"
        ),
        pytest.param("SECRET_KEY", "canary", id="secret-short"),
        pytest.param("SECRET_KEY", SECRET[:31], id="secret-one-too-few"),
        pytest.param("SECRET_KEY", "canary" * 8, id="secret-repeated"),
        pytest.param("SECRET_KEY", "canary123-" * 4 + "can", id="secret-repeated-part"),
        pytest.param("SECRET_KEY", "abcdefg" + "a" * 40, id="secret-few-characters"),
        pytest.param("SECRET_KEY", "canary" + "0" * 26 + "12345", id="secret-of-zeros"),
        pytest.param("SECRET_KEY", f"{LETTERS}012345", id="secret-in-order"),
        pytest.param("SECRET_KEY", FLASKS_EXAMPLE, id="secret-of-flasks-documents"),
        pytest.param("SECRET_KEY", f"{SECRET}-Change_Me!", id="secret-to-be-changed"),
        pytest.param("SECRET_KEY", f"django-insecure-{SECRET}", id="secret-insecure"),
        pytest.param(
            "CONNECT_ENCRYPTION_KEYS",
            urlsafe_b64encode(b"k" * 32).decode(),
            id="keys-one-byte",
        ),
        pytest.param(
            "CONNECT_ENCRYPTION_KEYS",
            f"{KEY},{urlsafe_b64encode(bytes(32)).decode()}",
            id="keys-zeros",
        ),
        pytest.param("CONNECT_ENCRYPTION_KEYS", "canary", id="keys-no-key"),
        pytest.param("CONNECT_ENCRYPTION_KEYS", KEY[:-4], id="keys-short"),
        pytest.param("CONNECT_ENCRYPTION_KEYS", KEY + "AAAA", id="keys-long"),
        pytest.param("CONNECT_ENCRYPTION_KEYS", f"{KEY},canary", id="keys-second"),
        pytest.param("CONNECT_ENCRYPTION_KEYS", "canäry", id="keys-not-ascii"),
        pytest.param("CONNECT_ENCRYPTION_KEYS", f"{KEY};{KEY}", id="keys-semicolon"),
        pytest.param("CONNECT_ENCRYPTION_KEYS", ",", id="keys-none"),
        pytest.param("CONNECT_ALLOWED_HOSTS", "*", id="hosts-asterisk"),
        pytest.param("CONNECT_ALLOWED_HOSTS", "*.canary.net", id="hosts-wildcard"),
        pytest.param("CONNECT_ALLOWED_HOSTS", "https://a.canary", id="hosts-url"),
        pytest.param("CONNECT_ALLOWED_HOSTS", "localhost:8090", id="hosts-port"),
        pytest.param("CONNECT_ALLOWED_HOSTS", "a b", id="hosts-space"),
        pytest.param("CONNECT_ALLOWED_HOSTS", ".", id="hosts-dot"),
        pytest.param("CONNECT_ALLOWED_HOSTS", "..canary", id="hosts-dots"),
        pytest.param("CONNECT_ALLOWED_HOSTS", "canary.", id="hosts-dot-at-the-end"),
        pytest.param("CONNECT_ALLOWED_HOSTS", "a,cänary", id="hosts-not-ascii"),
        pytest.param("CONNECT_ALLOWED_HOSTS", ",", id="hosts-none"),
        pytest.param("CONNECT_KEY_SERVERS", "canary", id="servers-no-url"),
        pytest.param("CONNECT_KEY_SERVERS", "http://canary.net", id="servers-http"),
        pytest.param(
            "CONNECT_KEY_SERVERS",
            "https://a.example,http://b.canary",
            id="servers-second",
        ),
        pytest.param("CONNECT_KEY_SERVERS", ",", id="servers-none"),
        pytest.param("CONNECT_ALL_JS_URL", "/canary.js", id="script-relative"),
        pytest.param("CONNECT_ALL_JS_URL", "http://canary.net/a.js", id="script-http"),
        pytest.param(
            "CONNECT_ALL_JS_URL", "https://a.example/a.js; canary", id="script-policy"
        ),
        pytest.param("CONNECT_CLOCK_LEEWAY", "canary", id="leeway-word"),
        pytest.param("CONNECT_CLOCK_LEEWAY", "-1", id="leeway-negative"),
        pytest.param("CONNECT_CLOCK_LEEWAY", "1.5", id="leeway-fraction"),
        pytest.param("CONNECT_CLOCK_LEEWAY", "1e3", id="leeway-exponent"),
        pytest.param("CONNECT_CLOCK_LEEWAY", "1_000", id="leeway-underscore"),
        pytest.param("CONNECT_CLOCK_LEEWAY", "٣", id="leeway-arabic-digit"),
        pytest.param("CONNECT_CLOCK_LEEWAY", True, id="leeway-bool"),
        pytest.param("CONNECT_SECRET_GRACE", "24h", id="grace-unit"),
        pytest.param("CONNECT_SECRET_GRACE", "1" * 10, id="grace-huge"),
        pytest.param("CONNECT_TENANT_CACHE_SECONDS", "off", id="cache-word"),
        pytest.param("CONNECT_TENANT_RETENTION_DAYS", "-60", id="retention-negative"),
        pytest.param("CONNECT_TENANT_RETENTION_DAYS", "36501", id="retention-huge"),
    ],
)
def test_a_malformed_setting_is_named_and_not_quoted(name: str, value: Any) -> None:
    with pytest.raises(ConfigurationError, match=f"^{name} ") as caught:
        load(GIVEN | {name: value})
    message = str(caught.value)
    assert SETTINGS[name].meaning in message
    assert "\n" not in message
    assert "canary" not in message.lower()
    assert KEY[:-4] not in message
    assert caught.value.__suppress_context__


def test_the_environment_is_before_the_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(settings, "ENV_FILE", tmp_path / ".env")
    settings.ENV_FILE.write_text(
        "CONNECT_APP_NAME=file\nCONNECT_CLOCK_LEEWAY=1\n", encoding="utf-8"
    )
    assert load(GIVEN)["CONNECT_APP_NAME"] == "file"
    monkeypatch.setenv("CONNECT_APP_NAME", "environment")
    read = load(GIVEN)
    assert read["CONNECT_APP_NAME"] == "environment"
    assert read["CONNECT_CLOCK_LEEWAY"] == 1


def test_the_mapping_is_before_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONNECT_APP_NAME", "environment")
    assert load(GIVEN)["CONNECT_APP_NAME"] == "environment"
    given = GIVEN | {"CONNECT_APP_NAME": "mapping"}
    assert load(given)["CONNECT_APP_NAME"] == "mapping"


def test_all_may_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in GIVEN.items():
        monkeypatch.setenv(name, value)
    assert load()["CONNECT_BASE_URL"] == "https://app.example.com"


def test_unknown_keys_are_passed_on() -> None:
    given = GIVEN | {"TESTING": True, "MAX_CONTENT_LENGTH": None}
    read = load(given)
    assert read["TESTING"] is True
    assert read["MAX_CONTENT_LENGTH"] is None


def test_the_environment_sets_nothing_but_settings(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("CONNECT_SKIP_QSH", "CONNECT_REDIS_URL"):
        monkeypatch.setenv(name, "1")
        assert name not in load(GIVEN)


def test_the_app_has_the_settings(config: dict[str, Any]) -> None:
    app = create_app(config)
    assert app.config["SQLALCHEMY_DATABASE_URI"] == config["DATABASE_URL"]
    assert app.config["CONNECT_CLOCK_LEEWAY"] == 30
    assert app.config["MAX_CONTENT_LENGTH"] == 1024 * 1024
    assert app.config["SQLALCHEMY_ENGINE_OPTIONS"]["hide_parameters"] is True


@pytest.mark.parametrize("name", sorted(REQUIRED))
def test_an_app_without_a_setting_does_not_start(
    config: dict[str, Any], name: str
) -> None:
    del config[name]
    with pytest.raises(ConfigurationError, match=f"^{name} is not set"):
        create_app(config)


def test_the_example_file_names_settings_only() -> None:
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    names = re.findall(r"^([A-Z_]+)=", example, re.MULTILINE)
    assert set(names) <= set(SETTINGS)
    assert REQUIRED <= set(names)
