"""Readers for the text of each kind of setting.

Each function returns the value, or raises ValueError with what is wrong, phrased to
follow the setting's name. No message quotes text that could contain a password or key.
"""

import re
from base64 import urlsafe_b64decode
from itertools import pairwise
from tempfile import TemporaryFile
from urllib.parse import urlsplit

from cryptography.fernet import Fernet
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from .connect.protocol.base_url import parse_base_url

_HOST = re.compile(r"\.?[a-z0-9]([a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:]+\]")
_FERNET_KEY_LENGTH = 44
_SECRET_KEY_LENGTH = 32
# 32 random hexadecimal digits have fewer different ones once in a million times.
_DIFFERENT_CHARACTERS = 8
_PLACEHOLDERS = re.compile(
    "changeme|replaceme|insecure|secretkey|yoursecret|password|placeholder|example"
)
# https://flask.palletsprojects.com/en/stable/config/#SECRET_KEY
_FLASKS_EXAMPLE = "192b9bdd22ab9ed4d12e236c78afcb9a393ec15f71bbf5dc987d54727823bcbf"
_MAX_DAYS = 36_500
_MAX_PORT = 65_535
_BIND = re.compile(r"([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\]):([0-9]{1,5})")
_LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
_YES = frozenset({"yes", "true", "1"})
_NO = frozenset({"no", "false", "0"})
# Redis, RabbitMQ, the embedded file, and the transport for tests.
_BROKERS = frozenset({"redis", "rediss", "amqp", "amqps", "sqla+sqlite", "memory"})


class _GuessedError(Exception):
    """A key is not random."""


def read_list(text: str) -> list[str]:
    """Read a comma-separated list."""
    return [entry for part in text.split(",") if (entry := part.strip())]


def read_database_url(text: str) -> str:
    """Read the SQLAlchemy URL of a database whose driver is installed."""
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


def read_broker_url(text: str) -> str:
    """Check a broker URL, or several for failover, separated by ``;``."""
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


def read_bind(text: str) -> str:
    """Read the address of a listener, in the form that gunicorn takes."""
    address = _BIND.fullmatch(text)
    if address and 0 < int(address[2]) <= _MAX_PORT or text.startswith("unix:/"):
        return text
    raise ValueError("is not host:port, [IPv6]:port or unix:/path")


def read_log_level(text: str) -> str:
    """Read the name of a log level."""
    if text.upper() not in _LOG_LEVELS:
        raise ValueError(f"is not one of {', '.join(_LOG_LEVELS)}")
    return text.upper()


def read_log_format(text: str) -> str:
    """Read the format of log lines."""
    if text not in ("text", "json"):
        raise ValueError("is neither text nor json")
    return text


def read_base_url(text: str) -> str:
    """Read a URL without a query; its path may be empty."""
    return str(parse_base_url(text))


def read_base_urls(text: str) -> tuple[str, ...]:
    """Read one or more base URLs, comma separated."""
    urls = tuple(str(parse_base_url(entry)) for entry in read_list(text))
    if not urls:
        raise ValueError("is empty")
    return urls


def read_script_url(text: str) -> str:
    """Read the URL of a script."""
    parse_base_url(text)
    return text


def read_host_names(text: str) -> tuple[str, ...]:
    """Read host names, and suffixes of host names."""
    hosts = tuple(entry.lower() for entry in read_list(text))
    if not hosts or not all(_HOST.fullmatch(host) for host in hosts):
        raise ValueError("is not a comma-separated list of host names")
    return hosts


def read_secret_key(text: str) -> str:
    """Read a secret that nobody can guess."""
    letters = re.sub(r"[^a-z]", "", text.lower())
    if (
        len(text) < _SECRET_KEY_LENGTH
        or len({*text}) < _DIFFERENT_CHARACTERS
        # It begins again in its first half, such as "abcabcab".
        or any(text.startswith(text[n:]) for n in range(1, len(text) // 2 + 1))
        or _PLACEHOLDERS.search(letters)
        # Most characters repeat or follow the one before, such as "000012345".
        or sum(abs(ord(a) - ord(b)) < 2 for a, b in pairwise(text)) > len(text) / 2
        or text == _FLASKS_EXAMPLE
    ):
        raise ValueError(
            f"can be guessed: it needs {_SECRET_KEY_LENGTH} random characters or more"
        )
    return text


def read_fernet_keys(text: str) -> tuple[str, ...]:
    """Read one or more Fernet keys, comma separated."""
    keys = tuple(read_list(text))
    try:
        for key in keys:
            if len(key) != _FERNET_KEY_LENGTH:
                # Decoding stops at the padding, and the rest would be ignored.
                raise ValueError
            Fernet(key)
            if len({*urlsafe_b64decode(key)}) < _DIFFERENT_CHARACTERS:
                raise _GuessedError
    except _GuessedError:
        raise ValueError("contains a key that can be guessed") from None
    except ValueError:
        # The library's message is dropped: it could quote the key.
        raise ValueError("contains something that is not a Fernet key") from None
    if not keys:
        raise ValueError("is empty")
    return keys


def read_folder(text: str) -> str:
    """Read the path of a folder in which this process can write."""
    try:
        with TemporaryFile(dir=text):
            return text
    except OSError:
        raise ValueError("is not a folder that this process can write to") from None


def read_whole_number(text: str) -> int:
    """Read a number of 0 or more."""
    if not re.fullmatch(r"[0-9]{1,9}", text):
        raise ValueError("is not a whole number of 0 or more")
    return int(text)


def read_count(text: str) -> int:
    """Read a number of 1 or more."""
    count = read_whole_number(text)
    if not count:
        raise ValueError("is not 1 or more")
    return count


def read_yes_or_no(text: str) -> bool:
    """Read yes or no."""
    answer = text.lower()
    if answer not in _YES | _NO:
        raise ValueError("is neither yes nor no")
    return answer in _YES


def read_header_name(text: str) -> str:
    """Read the name of an HTTP header."""
    if not re.fullmatch(r"[A-Za-z0-9-]+", text):
        raise ValueError("is not an HTTP header name")
    return text


def read_license_policy(text: str) -> str:
    """Read the license policy."""
    if text not in ("block", "warn", "ignore"):
        raise ValueError("is not block, warn or ignore")
    return text


def read_days(text: str) -> int:
    """Read a number of days that is small enough for date arithmetic."""
    days = read_whole_number(text)
    if days > _MAX_DAYS:
        raise ValueError(f"is more than {_MAX_DAYS}")
    return days
