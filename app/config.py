"""The settings; no other module reads the environment.

A value comes from, in this order, the mapping given to :func:`load`, the environment,
``.env``, or the default below. A missing or malformed setting raises
:class:`ConfigurationError`, which names it.
"""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from dotenv import dotenv_values

from .config_doubts import find_doubts
from .config_readers import (
    read_base_url,
    read_base_urls,
    read_bind,
    read_broker_url,
    read_count,
    read_database_url,
    read_days,
    read_fernet_keys,
    read_folder,
    read_header_name,
    read_host_names,
    read_license_policy,
    read_log_format,
    read_log_level,
    read_script_url,
    read_secret_key,
    read_whole_number,
    read_yes_or_no,
)
from .connect.errors import ConfigurationError

_PACKAGE = Path(__file__).resolve().parent
# Only a wheel has this folder (see pyproject.toml).
_IS_CHECKOUT = not (_PACKAGE / "home").is_dir()

HOME = _PACKAGE.parent if _IS_CHECKOUT else _PACKAGE / "home"
"""The folder of the descriptor, templates and migrations; a wheel has its own."""
ROOT = _PACKAGE.parent if _IS_CHECKOUT else Path.cwd()
"""The folder of ``.env`` and ``instance/``."""
ENV_FILE = ROOT / ".env"

_REQUIRED = object()


class Setting(NamedTuple):
    """One setting: the reader for its text, its default, and its meaning."""

    read: Callable[[str], Any]
    default: Any
    meaning: str


def load(config: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return every setting, read and checked; other keys of *config* are unchanged.

    :raises ConfigurationError: naming the first setting that is missing or wrong.
    """
    given = _given(config or {})
    read = {name: _read(name, given.get(name)) for name in SETTINGS}
    return {**(config or {}), **read}


def doubts(settings: Mapping[str, Any], config: Mapping[str, Any] | None) -> list[str]:
    """Return what looks wrong in *settings*, which were loaded with *config*."""
    return [*find_doubts(settings, SETTINGS, _given(config or {}))]


def load_one(name: str) -> Any:
    """Return one setting, for code that runs before there is an app.

    :raises ConfigurationError: if it is missing or malformed.
    """
    return _read(name, _given({}).get(name))


def _given(config: Mapping[str, Any]) -> dict[str, Any]:
    given = {**dotenv_values(ENV_FILE), **os.environ, **config}
    if not given.get("BIND") and given.get("PORT"):
        # Platforms that run containers set it, and call them from outside.
        given["BIND"] = f"0.0.0.0:{given['PORT']}"
    return given


def _read(name: str, given: Any) -> Any:
    setting = SETTINGS[name]
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


SETTINGS: dict[str, Setting] = {
    "SECRET_KEY": Setting(
        read_secret_key,
        _REQUIRED,
        "Flask's signing key; `flask --app wsgi connect new-secrets` makes one",
    ),
    "DATABASE_URL": Setting(
        read_database_url,
        f"sqlite:///{ROOT / 'instance' / 'app.sqlite3'}",
        "the SQLAlchemy URL of the database, PostgreSQL in production",
    ),
    "CELERY_BROKER_URL": Setting(
        read_broker_url,
        f"sqla+sqlite:///{ROOT / 'instance' / 'broker.sqlite3'}",
        "where tasks wait for a worker: Redis or RabbitMQ in production",
    ),
    "BIND": Setting(
        read_bind,
        "127.0.0.1:8080",
        "where gunicorn listens: host:port, [IPv6]:port or unix:/path; "
        "by default 0.0.0.0:$PORT if PORT is set",
    ),
    "TRUSTED_PROXIES": Setting(
        read_whole_number,
        0,
        "how many proxies are in front of the app: so many entries of "
        "X-Forwarded-For and X-Forwarded-Proto are believed",
    ),
    "LOG_LEVEL": Setting(
        read_log_level,
        "INFO",
        "what is logged: DEBUG, INFO, WARNING, ERROR or CRITICAL, and what is worse",
    ),
    "LOG_FORMAT": Setting(
        read_log_format, "text", "how a log line looks: text or json"
    ),
    "PROMETHEUS_MULTIPROC_DIR": Setting(
        read_folder,
        None,
        "the folder where each process records its metrics; see flask connect metrics",
    ),
    "SENTRY_DSN": Setting(str, None, "where errors are reported, if you use Sentry"),
    "CONNECT_BASE_URL": Setting(
        read_base_url,
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
        read_fernet_keys,
        _REQUIRED,
        "the Fernet keys that encrypt shared secrets, newest first, comma separated; "
        "`flask --app wsgi connect new-secrets` makes one",
    ),
    "CONNECT_ALLOWED_HOSTS": Setting(
        read_host_names,
        (".atlassian.net", ".jira.com"),
        "the host names whose installs are accepted: exact, or a suffix with a dot",
    ),
    "CONNECT_KEY_SERVERS": Setting(
        read_base_urls,
        (
            "https://connect-install-keys.atlassian.com",
            "https://asap-distribution.us-west-2.prod.atl-asap.net",
        ),
        "the install-key servers, which are asked at once, comma separated",
    ),
    "CONNECT_OAUTH_SERVER": Setting(
        read_base_url,
        "https://oauth-2-authorization-server.services.atlassian.com",
        "the server that gives the app access tokens to act as a user with",
    ),
    "CONNECT_ALL_JS_URL": Setting(
        read_script_url,
        "https://connect-cdn.atl-paas.net/all.js",
        "the JavaScript bridge that the app's pages load",
    ),
    "CONNECT_CLOCK_LEEWAY": Setting(
        read_whole_number, 30, "how many seconds the host's clock may differ from ours"
    ),
    "CONNECT_SECRET_GRACE": Setting(
        read_whole_number,
        86_400,
        "how many seconds a replaced secret is good for while the new one is unused",
    ),
    "CONNECT_TENANT_CACHE_SECONDS": Setting(
        read_whole_number, 30, "how many seconds a worker remembers a tenant"
    ),
    "CONNECT_PERMISSION_CACHE_SECONDS": Setting(
        read_whole_number, 10, "how many seconds a worker remembers what a user may do"
    ),
    "CONNECT_TENANT_RETENTION_DAYS": Setting(
        read_days, 60, "how many days a tenant is kept after it uninstalled"
    ),
    "CONNECT_DATA_POLICY_CACHE_SECONDS": Setting(
        read_whole_number,
        30,
        "how many seconds a worker remembers whether an app access rule blocks the app",
    ),
    "CONNECT_RECORD_CALLS": Setting(
        read_yes_or_no,
        False,
        "yes while developing: the operations that the code calls are noted in "
        "instance/recorded-calls.txt, for flask connect scopes",
    ),
    "CONNECT_LICENSE_POLICY": Setting(
        read_license_policy,
        "block",
        "what license_required does without a license: block, warn or ignore",
    ),
    "CONNECT_LICENSE_CACHE_SECONDS": Setting(
        read_whole_number, 300, "after how many seconds the host is asked for it again"
    ),
    "CONNECT_LICENSE_GRACE": Setting(
        read_whole_number,
        259_200,
        "how many seconds a known license holds while the host can't be asked",
    ),
    "CONNECT_REQUEST_WAIT_SECONDS": Setting(
        read_count,
        10,
        "how many seconds a web request may spend on calls to the host, in all",
    ),
    "CONNECT_WEBHOOK_MAX_ATTEMPTS": Setting(
        read_count, 12, "how often a webhook's handler is called before it is parked"
    ),
    "CONNECT_WEBHOOK_RETRY_SECONDS": Setting(
        read_count,
        10,
        "how many seconds after its first failure a handler is called again",
    ),
    "CONNECT_WEBHOOK_RETENTION_DAYS": Setting(
        read_days, 7, "how many days a webhook is kept, and known if it comes again"
    ),
    "CONNECT_WEBHOOK_ID_HEADER": Setting(
        read_header_name,
        "X-Atlassian-Webhook-Identifier",
        "the header by which the host names a webhook that it sends again",
    ),
}
