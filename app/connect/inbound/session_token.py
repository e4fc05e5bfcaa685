"""Session tokens, for app pages that navigate or post without the bridge.

Signed with Flask's own signer and the app's SECRET_KEY, for one tenant and one user,
for 15 minutes. Not a cookie: only the app's page puts such a token into a request, so
no other site can make a browser send it.
"""

import hashlib
import hmac
from collections.abc import Callable
from typing import Any, Final, ParamSpec, TypeVar

from flask import Request, current_app, request
from itsdangerous import BadData, URLSafeTimedSerializer

from ..errors import (
    AuthenticationError,
    InvalidTokenError,
    MissingTokenError,
    UnknownTenantError,
)
from ..tenants.credentials import Credentials
from ..tenants.current import (
    VerifiedRequest,
    get_verified_request,
    set_verified_request,
)
from ..tenants.state import ConnectState, get_state
from ..tenants.store import TenantStore
from .policies import Policy, guard
from .verify import ENABLED

FIELD: Final = "session_token"
"""The name of the form field and of the query parameter."""

SCHEME: Final = "session"
"""The scheme of the Authorization header, case-insensitive."""

LIFETIME: Final = 900
"""Seconds."""

MAX_LENGTH: Final = 16_384
_SALT = "connect.session-token"
_TOKEN_KEY = "connect.session_token"  # noqa: S105 - a name
_READING = frozenset({"GET", "HEAD", "OPTIONS"})
_P = ParamSpec("_P")
_R = TypeVar("_R")


def session_token_required(view: Callable[_P, _R]) -> Callable[_P, _R]:
    """Answer only a request with a token of :func:`session_token`.

    The token is sent as ``Authorization: Session ...``, as the form field
    ``session_token`` or, if the request only reads, in the query. Inside,
    ``current_tenant``, ``current_account_id`` and ``current_context`` are those of
    the page that made it. Never use it for a URL that the descriptor declares.
    """
    return guard(view, Policy.SESSION, _verify)


def session_token() -> str:
    """Return a session token for the tenant and user of this request.

    Also available in templates. A request that came with a session token gets the
    same one back, so that its 15 minutes are never prolonged.

    :raises RuntimeError: if the request was not verified.
    :raises LookupError: if the tenant has been purged.
    """
    made = request.environ.get(_TOKEN_KEY)
    if made is None:
        verified = get_verified_request()
        client_key = verified.tenant.client_key
        # The secret in the database, which may differ from the one just used.
        credentials = get_state().tenants.load_credentials(client_key)
        if credentials is None:
            raise LookupError(f"the tenant {client_key} has been purged")
        made = request.environ[_TOKEN_KEY] = _serializer().dumps(
            [
                client_key,
                verified.account_id,
                verified.context,
                _generation(credentials),
            ]
        )
    return str(made)


def _verify(request: Request, connect: ConnectState) -> None:
    token = _token_of(request)
    client_key, account_id, context, generation = _read(token)
    try:
        credentials = _credentials(connect.tenants, client_key, generation)
    except AuthenticationError as error:
        error.client_key = client_key
        raise
    verified = VerifiedRequest(
        tenant=credentials.tenant,
        account_id=account_id,
        context=context,
        shared_secret=credentials.shared_secret,
    )
    set_verified_request(request, verified)
    request.environ[_TOKEN_KEY] = token


def _token_of(request: Request) -> str:
    """Return the one session token of a request.

    Ignores the query of a request that changes something: links are easily passed
    on, with everything in them.
    """
    scheme, _, value = request.headers.get("Authorization", "").partition(" ")
    found = {value.strip()} if scheme.lower() == SCHEME else set()
    reads = request.method in _READING
    try:
        found.update((request.args if reads else request.form).getlist(FIELD))
    except UnicodeError:
        raise MissingTokenError("the query is not UTF-8") from None
    if len(found) != 1:
        raise MissingTokenError(
            "contradicting session tokens" if found else "no session token"
        )
    return found.pop()


def _read(token: str) -> tuple[str, str | None, dict[str, Any], str]:
    if len(token) > MAX_LENGTH:
        raise InvalidTokenError("the session token is too long")
    try:
        claims = _serializer().loads(token, max_age=LIFETIME)
    except (BadData, RecursionError):
        raise InvalidTokenError("not a session token of this app, or expired") from None
    # The app's own signer, which signs nothing else with this salt.
    client_key, account_id, context, generation = claims
    return client_key, account_id, context, generation


def _credentials(tenants: TenantStore, client_key: str, generation: str) -> Credentials:
    cached = tenants.cached_credentials(client_key)
    if cached is not None and _fits(cached, generation):
        return cached
    # Another worker may have stored newer ones.
    credentials = tenants.load_credentials(client_key)
    if credentials is None or not _fits(credentials, generation):
        raise UnknownTenantError("the session began before an install or uninstall")
    return credentials


def _fits(credentials: Credentials, generation: str) -> bool:
    if credentials.tenant.state not in ENABLED:
        return False
    return hmac.compare_digest(_generation(credentials), generation)


def _generation(credentials: Credentials) -> str:
    """Return an id that every install changes and that does not reveal the secret."""
    secret = credentials.shared_secret.encode("utf-8", "surrogatepass")
    installed_at = credentials.tenant.installed_at.isoformat()
    return hmac.digest(secret, f"{_SALT} {installed_at}".encode(), hashlib.sha256).hex()


def _serializer() -> URLSafeTimedSerializer:
    keys = [*(current_app.config.get("SECRET_KEY_FALLBACKS") or ())]
    keys.append(current_app.config["SECRET_KEY"])
    return URLSafeTimedSerializer(
        keys, salt=_SALT, signer_kwargs={"digest_method": hashlib.sha256}
    )
