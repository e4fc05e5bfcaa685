"""The site: its addresses, its key pair, the current user, and its services.

A service is anything that a site has one of, such as its wiki or its exchange log::

    site.get(Wiki).spaces

A service's class creates it for a site with ``of_site``, so that this module does not
import any of them.
"""

import secrets
import threading
import uuid
from collections.abc import Callable
from functools import cached_property
from typing import Protocol, Self, TypeVar, cast

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from devhost.site.products import CONFLUENCE, CONTEXT_PATH, Product
from devhost.site.state import State
from devhost.site.users import ADMINISTRATOR, USERS, User

__all__ = ["CONTEXT_PATH", "SITE_HOST_NAMES", "RunningSite", "Site"]

SITE_NAME = "Demonstration Site"
# The names that every program on this machine can reach it by.
SITE_HOST_NAMES = ("localhost", "127.0.0.1")
# The settings with the key pair of install callbacks.
KEY_SETTINGS = ("key_id", "private_key")


class Service(Protocol):
    """Something that a site has one of."""

    @classmethod
    def of_site(cls, site: "Site") -> Self:
        """Return a new one for *site*."""


S = TypeVar("S", bound=Service)


class RunningSite(Protocol):
    """A site that listens on its own port."""

    site: "Site"

    def start(self) -> "RunningSite":
        """Start to answer."""

    def stop(self) -> None:
        """Stop answering."""


class Site:
    """One site of a product on this machine."""

    def __init__(
        self,
        state: State,
        *,
        port: int,
        product: Product = CONFLUENCE,
        open_site: Callable[[], RunningSite] | None = None,
    ) -> None:
        """Serve the stored *state*; *open_site* opens another site, not yet started."""
        self.state = state
        self.product = product
        self.port = port
        self.open_site = open_site
        self.name = SITE_NAME
        self._base_name, self._display_name = self._stored_names()
        self._services: dict[type[Service], Service] = {}
        # Every site of this process, starting with this one; they share install keys.
        self.siblings: list[Site] = [self]
        # Set when the host has finished starting.
        self.page_to_open: str | None = None
        # The lifecycle operations of a site run one after another.
        self.lifecycle_lock = threading.RLock()

    def get(self, kind: type[S]) -> S:
        """Return the site's service of this class, created on first use."""
        found = self._services.get(kind)
        if found is None:
            # Under the state's lock, which the creation of a service takes anyway: with
            # another lock, two threads could deadlock.
            with self.state.lock:
                found = self._services.get(kind)
                if found is None:
                    found = self._services[kind] = kind.of_site(self)
        return cast(S, found)

    @property
    def origin(self) -> str:
        """The origin that browsers and apps are given."""
        return f"http://{self._base_name}:{self.port}"

    @property
    def context_path(self) -> str:
        """The path of the base URL: ``/wiki`` in Confluence."""
        return self.product.context_path

    @property
    def base_url(self) -> str:
        """The site's base URL, with the product's context path."""
        return self.origin + self.context_path

    @property
    def display_url(self) -> str:
        """The base URL as people see it; a different one stands for a custom domain."""
        return f"http://{self._display_name}:{self.port}{self.context_path}"

    def set_names(self, base_name: str, display_name: str) -> None:
        """Give the site other host names, from ``SITE_HOST_NAMES``."""
        self.state.set_setting("host_names", f"{base_name} {display_name}")
        self._base_name, self._display_name = base_name, display_name

    def _stored_names(self) -> tuple[str, str]:
        names = self.state.find_setting("host_names") or "localhost localhost"
        base_name, _, display_name = names.partition(" ")
        return base_name, display_name

    def share_keys(self, other: "Site") -> None:
        """Sign install callbacks with the key of *other*; a new key is slow to make."""
        self.key_id = other.key_id
        self.private_key = other.private_key

    def join(self, first: "Site", number: int) -> None:
        """Become the *number*-th site of *first*'s cloud: same keys, same people."""
        self.name = f"{SITE_NAME} {number}"
        self.share_keys(first)
        self.siblings = first.siblings
        self.siblings.append(self)

    @property
    def hosts(self) -> frozenset[str]:
        """The ``Host`` headers that are accepted."""
        return frozenset(
            f"{name}:{self.port}" for name in ("localhost", "127.0.0.1", "[::1]")
        )

    def _remembered(self, name: str, fresh: str) -> str:
        with self.state.transaction():
            value = self.state.find_setting(name)
            if value is None:
                value = fresh
                self.state.set_setting(name, value)
        return value

    @cached_property
    def cloud_id(self) -> str:
        """The cloud id of the site."""
        return self._remembered("cloud_id", str(uuid.uuid4()))

    @cached_property
    def key_id(self) -> str:
        """The ``kid`` of the key that signs install callbacks."""
        return self._remembered("key_id", str(uuid.uuid4()))

    @cached_property
    def session_token(self) -> str:
        """A secret that our own pages send with their calls; no other page knows it."""
        return self._remembered("session_token", secrets.token_urlsafe(32))

    @cached_property
    def private_key(self) -> rsa.RSAPrivateKey:
        """The key that signs install callbacks, created once per state file."""
        pem = self.state.find_setting("private_key")
        if pem is None:
            pem = self._remembered("private_key", _new_private_key())
        key = serialization.load_pem_private_key(pem.encode(), password=None)
        if not isinstance(key, rsa.RSAPrivateKey):  # pragma: no cover - edited file
            raise TypeError("the state file holds a key that is not RSA")
        return key

    @cached_property
    def public_key_pem(self) -> str:
        """The PEM text that the install-key server returns."""
        return (
            self.private_key.public_key()
            .public_bytes(
                serialization.Encoding.PEM,
                serialization.PublicFormat.SubjectPublicKeyInfo,
            )
            .decode("ascii")
        )

    @property
    def user(self) -> User:
        """The current user of the site."""
        return USERS[self.state.find_setting("user") or ADMINISTRATOR.name]

    def switch_user(self, user: User) -> None:
        """Make *user* the current user from now on."""
        self.state.set_setting("user", user.name)


def _new_private_key() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode("ascii")
