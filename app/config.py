"""The settings, and the only place that reads the environment.

A value comes from the mapping given to :func:`load`, else from the environment,
else from ``.env`` beside this package, else from the default below. A missing
or malformed setting raises :class:`ConfigurationError`, which names it.
"""

import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from cryptography.fernet import Fernet
from dotenv import dotenv_values
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from .connect.errors import ConfigurationError
from .connect.protocol.urls import parse_base_url

ROOT = Path(__file__).resolve().parent.parent
ENV_FILE = ROOT / ".env"

_HOST = re.compile(r"\.?[a-z0-9]([a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:]+\]")
_FERNET_KEY_LENGTH = 44
_MAX_DAYS = 36_500
_REQUIRED = object()
_YES = frozenset({"yes", "true", "1"})
_NO = frozenset({"no", "false", "0"})
# Redis, RabbitMQ, the embedded file, and what tests use.
_BROKERS = frozenset({"redis", "rediss", "amqp", "amqps", "sqla+sqlite", "memory"})


class Setting(NamedTuple):
    """One setting: how its text is read, its default, and what it means."""

    read: Callable[[str], Any]
    default: Any
    meaning: str


def load(config: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return every setting, read and checked, and all else in *config* as it is.

    :raises ConfigurationError: naming the first setting that is missing or wrong.
    """
    given = {**dotenv_values(ENV_FILE), **os.environ, **(config or {})}
    settings = dict(config or {})
    for name, setting in SETTINGS.items():
        settings[name] = _read(name, setting, given.get(name))
    return settings


def _read(name: str, setting: Setting, given: Any) -> Any:
    if isinstance(given, list | tuple):
        given = ",".join(map(str, given))
    text = "" if given is None else str(given).strip()
    if not text:
        if setting.default is _REQUIRED:
            raise ConfigurationError(
                f"{name} is not set. It is {setting.meaning}; see .env.example"
            )
        return setting.default
    try:
        return setting.read(text)
    except ValueError as error:
        raise ConfigurationError(f"{name} {error}. It is {setting.meaning}") from None


def _list(text: str) -> list[str]:
    return [entry for part in text.split(",") if (entry := part.strip())]


def _database_url(text: str) -> str:
    scheme, separator, rest = text.partition("://")
    if scheme in ("postgres", "postgresql") and separator:
        text = f"postgresql+psycopg://{rest}"
    elif scheme.partition("+")[0] not in ("sqlite", "postgresql") or not separator:
        raise ValueError("is not a sqlite:// or postgresql:// URL")
    try:
        make_url(text).get_dialect().import_dbapi()
    except (ArgumentError, ImportError, ValueError):
        # The library's message is dropped: it could quote the password.
        raise ValueError("is malformed, or needs a driver that is missing") from None
    return text


def _broker_url(text: str) -> str:
    """Check one URL, or several with ``;`` between them to fail over to."""
    for url in text.split(";"):
        scheme, separator, rest = url.strip().partition("://")
        if scheme not in _BROKERS or not separator:
            raise ValueError(
                "is not a redis://, rediss://, amqp://, amqps:// or sqla+sqlite:/// URL"
            )
        try:
            # The message of either is dropped: it could quote the password.
            if scheme == "sqla+sqlite":
                make_url(f"sqlite://{rest}")
            else:
                _ = urlsplit(url.strip()).port
        except (ArgumentError, ValueError):
            raise ValueError("is malformed") from None
    return text


def _base_url(text: str) -> str:
    return str(parse_base_url(text))


def _base_urls(text: str) -> tuple[str, ...]:
    urls = tuple(str(parse_base_url(entry)) for entry in _list(text))
    if not urls:
        raise ValueError("is empty")
    return urls


def _script_url(text: str) -> str:
    parse_base_url(text)
    return text


def _host_names(text: str) -> tuple[str, ...]:
    hosts = tuple(entry.lower() for entry in _list(text))
    if not hosts or not all(_HOST.fullmatch(host) for host in hosts):
        raise ValueError("is not a comma-separated list of host names")
    return hosts


def _fernet_keys(text: str) -> tuple[str, ...]:
    keys = tuple(_list(text))
    try:
        for key in keys:
            if len(key) != _FERNET_KEY_LENGTH:
                # Base64 ends at its padding, so what follows would be dropped.
                raise ValueError
            Fernet(key)
    except ValueError:
        # The library's message is dropped: it could quote the key.
        raise ValueError("holds something that is no Fernet key") from None
    if not keys:
        raise ValueError("is empty")
    return keys


def _whole_number(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,9}", text):
        raise ValueError("is not a whole number of 0 or more")
    return int(text)


def _count(text: str) -> int:
    count = _whole_number(text)
    if not count:
        raise ValueError("is not 1 or more")
    return count


def _yes_or_no(text: str) -> bool:
    answer = text.lower()
    if answer not in _YES | _NO:
        raise ValueError("is neither yes nor no")
    return answer in _YES


def _header_name(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9-]+", text):
        raise ValueError("is no name of an HTTP header")
    return text


def _redis_url(text: str) -> str:
    if ";" in text or not text.startswith(("redis://", "rediss://")):
        raise ValueError("is not one redis:// or rediss:// URL")
    return _broker_url(text)


def _license_policy(text: str) -> str:
    if text not in ("block", "warn", "ignore"):
        raise ValueError("is not block, warn or ignore")
    return text


def _days(text: str) -> int:
    days = _whole_number(text)
    if days > _MAX_DAYS:
        raise ValueError(f"is more than {_MAX_DAYS}")
    return days


SETTINGS: dict[str, Setting] = {
    "SECRET_KEY": Setting(str, _REQUIRED, "Flask's signing key"),
    "DATABASE_URL": Setting(
        _database_url,
        f"sqlite:///{ROOT / 'instance' / 'app.sqlite3'}",
        "the SQLAlchemy URL of the database, PostgreSQL in production",
    ),
    "CELERY_BROKER_URL": Setting(
        _broker_url,
        f"sqla+sqlite:///{ROOT / 'instance' / 'broker.sqlite3'}",
        "where tasks wait for a worker: Redis or RabbitMQ in production",
    ),
    "CONNECT_BASE_URL": Setting(
        _base_url,
        _REQUIRED,
        "the app's public base URL as the host calls it; it may have a path",
    ),
    "CONNECT_APP_KEY": Setting(
        str, None, "the app key; by default the one in atlassian-connect.json"
    ),
    "CONNECT_APP_NAME": Setting(
        str, None, "the app's name; by default the one in atlassian-connect.json"
    ),
    "CONNECT_ENCRYPTION_KEYS": Setting(
        _fernet_keys,
        _REQUIRED,
        "the Fernet keys that encrypt shared secrets, newest first, comma separated",
    ),
    "CONNECT_ALLOWED_HOSTS": Setting(
        _host_names,
        (".atlassian.net", ".jira.com"),
        "the host names whose installs are accepted: exact, or a suffix with a dot",
    ),
    "CONNECT_KEY_SERVERS": Setting(
        _base_urls,
        (
            "https://connect-install-keys.atlassian.com",
            "https://asap-distribution.us-west-2.prod.atl-asap.net",
        ),
        "the install-key servers in the order they are asked, comma separated",
    ),
    "CONNECT_OAUTH_SERVER": Setting(
        _base_url,
        "https://oauth-2-authorization-server.services.atlassian.com",
        "the server that gives the app access tokens to act as a user with",
    ),
    "CONNECT_ALL_JS_URL": Setting(
        _script_url,
        "https://connect-cdn.atl-paas.net/all.js",
        "the JavaScript bridge that the app's pages load",
    ),
    "CONNECT_CLOCK_LEEWAY": Setting(
        _whole_number, 30, "how many seconds the host's clock may differ from ours"
    ),
    "CONNECT_SECRET_GRACE": Setting(
        _whole_number,
        86_400,
        "how many seconds a replaced secret is good for while the new one is unused",
    ),
    "CONNECT_TENANT_CACHE_SECONDS": Setting(
        _whole_number, 30, "how many seconds a worker remembers a tenant"
    ),
    "CONNECT_PERMISSION_CACHE_SECONDS": Setting(
        _whole_number, 10, "how many seconds a worker remembers what a user may do"
    ),
    "CONNECT_TENANT_RETENTION_DAYS": Setting(
        _days, 60, "how many days a tenant is kept after it uninstalled"
    ),
    "CONNECT_DATA_POLICY_CACHE_SECONDS": Setting(
        _whole_number,
        30,
        "how many seconds a worker remembers whether an app access rule blocks the app",
    ),
    "CONNECT_RECORD_CALLS": Setting(
        _yes_or_no,
        False,
        "yes while developing: the operations that the code calls are noted in "
        "instance/recorded-calls.txt, for flask connect scopes",
    ),
    "CONNECT_LICENSE_POLICY": Setting(
        _license_policy,
        "block",
        "what license_required does without a license: block, warn or ignore",
    ),
    "CONNECT_LICENSE_CACHE_SECONDS": Setting(
        _whole_number, 300, "after how many seconds the host is asked for it again"
    ),
    "CONNECT_LICENSE_GRACE": Setting(
        _whole_number,
        259_200,
        "how many seconds a known license holds while the host can't be asked",
    ),
    "CONNECT_REDIS_URL": Setting(
        _redis_url,
        None,
        "where workers share how near the host's limits are; by default the broker, "
        "if it is Redis",
    ),
    "CONNECT_REQUEST_WAIT_SECONDS": Setting(
        _whole_number,
        5,
        "how many seconds a web request may wait for a host that is busy",
    ),
    "CONNECT_WEBHOOK_MAX_ATTEMPTS": Setting(
        _count, 12, "how often a webhook's handler is called before it is parked"
    ),
    "CONNECT_WEBHOOK_RETRY_SECONDS": Setting(
        _count, 10, "how many seconds after its first failure a handler is called again"
    ),
    "CONNECT_WEBHOOK_RETENTION_DAYS": Setting(
        _days, 7, "how many days a webhook is kept, and known if it comes again"
    ),
    "CONNECT_WEBHOOK_ID_HEADER": Setting(
        _header_name,
        "X-Atlassian-Webhook-Identifier",
        "the header by which the host names a webhook that it sends again",
    ),
}
