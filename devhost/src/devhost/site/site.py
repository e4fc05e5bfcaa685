"""The site: its addresses, its key pair, who is looking, what is stored."""

import secrets
import threading
import uuid
from functools import cached_property
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from devhost.access_rules import AccessRules
from devhost.exchanges.log import ExchangeLog
from devhost.faults.switches import Faults
from devhost.install.license import Licences
from devhost.modules.conditions.switches import ConditionSwitches
from devhost.modules.macros.static_macros import StaticMacros
from devhost.site.app_data import AppProperties, DynamicModules
from devhost.site.assumptions import Assumptions
from devhost.site.clock import Clock
from devhost.site.installations import Installations
from devhost.site.products import CONFLUENCE, CONTEXT_PATH, Product
from devhost.site.state import State
from devhost.site.users import ADMINISTRATOR, USERS, User
from devhost.tokens.oauth import AuthorizationServer
from devhost.wiki import Wiki
from devhost.wiki.custom_types import declared_types

if TYPE_CHECKING:
    from devhost.install.further_sites import Neighbours
    from devhost.webhooks import Webhooks

__all__ = ["CONTEXT_PATH", "SITE_HOST_NAMES", "Site"]

SITE_NAME = "Demonstration Site"
# The names by which every program of this machine finds it.
SITE_HOST_NAMES = ("localhost", "127.0.0.1")
# The settings that hold the key pair of install callbacks.
KEY_SETTINGS = ("key_id", "private_key")


class Site:
    """One site of a product on this machine."""

    # Set by the server, which can open further sockets.
    neighbours: "Neighbours"
    # Set by the server, which stops them.
    webhooks: "Webhooks"

    def __init__(
        self, state: State, *, port: int, product: Product = CONFLUENCE
    ) -> None:
        self.state = state
        self.product = product
        self.port = port
        self.name = SITE_NAME
        self._base_name, self._display_name = self._stored_names()
        self.clock = Clock()
        self.installations = Installations(state, self.clock)
        self.exchanges = ExchangeLog()
        self.faults = Faults(self.clock)
        self.licences = Licences(state)
        self.conditions = ConditionSwitches(state)
        self.authorization = AuthorizationServer()
        self.assumptions = Assumptions(state, self._assume)
        # Every site of this process, this one first; they share install keys.
        self.siblings: list[Site] = [self]
        self.properties = AppProperties(state)
        self.dynamic_modules = DynamicModules(state)
        self.wiki = Wiki(state)
        self.wiki.custom.types = lambda: declared_types(
            self.installations, self.dynamic_modules
        )
        self.static_macros = StaticMacros()
        self.access_rules = AccessRules(state)
        # Set when the host has done what it was started for.
        self.page_to_open: str | None = None
        # Lifecycle operations of a site happen one after the other.
        self.lifecycle_lock = threading.RLock()

    @property
    def origin(self) -> str:
        """The origin that browsers and apps are told."""
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
        """The base URL as people see it; another one stands for a custom domain."""
        return f"http://{self._display_name}:{self.port}{self.context_path}"

    def _assume(self, assumptions: Assumptions) -> None:
        self.clock.url_seconds = assumptions.number("url-token-seconds")
        self.clock.context_seconds = assumptions.number("context-token-seconds")
        most = assumptions.number("assertion-most-seconds")
        self.authorization.max_assertion_seconds = most

    def set_names(self, base_name: str, display_name: str) -> None:
        """Give the site other host names, of ``SITE_HOST_NAMES``."""
        self.state.set_setting("host_names", f"{base_name} {display_name}")
        self._base_name, self._display_name = base_name, display_name

    def _stored_names(self) -> tuple[str, str]:
        names = self.state.find_setting("host_names") or "localhost localhost"
        base_name, _, display_name = names.partition(" ")
        return base_name, display_name

    def share_keys(self, other: "Site") -> None:
        """Sign install callbacks with the key of *other*, which is costly to make."""
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
        """The ``Host`` headers we answer to."""
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
        """What our own pages present when they call us, and no other page knows."""
        return self._remembered("session_token", secrets.token_urlsafe(32))

    @cached_property
    def private_key(self) -> rsa.RSAPrivateKey:
        """The key that signs install callbacks, made once per state file."""
        pem = self.state.find_setting("private_key")
        if pem is None:
            pem = self._remembered("private_key", _new_private_key())
        key = serialization.load_pem_private_key(pem.encode(), password=None)
        # Only a state file that somebody edited holds another.
        if not isinstance(key, rsa.RSAPrivateKey):  # pragma: no cover
            raise TypeError("the state file holds a key that is not RSA")
        return key

    @cached_property
    def public_key_pem(self) -> str:
        """The PEM text that the install-key server answers with."""
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
        """The person who looks at the site now."""
        return USERS[self.state.find_setting("user") or ADMINISTRATOR.name]

    def switch_user(self, user: User) -> None:
        """Let *user* look at the site from now on."""
        self.state.set_setting("user", user.name)


def _new_private_key() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode("ascii")
