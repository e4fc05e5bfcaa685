"""Session tokens, for app pages that navigate or post without the bridge.

Signed with Flask's own signer and the app's SECRET_KEY, for one tenant and one user,
for 15 minutes. Not a cookie: only the app's page puts such a token into a request, so
no other site can make a browser send it.
"""

import hashlib
import hmac
import re
from collections.abc import Callable
from functools import partial
from typing import Any, Final, ParamSpec, TypeVar, overload
from urllib.parse import unquote_to_bytes

from flask import Request, current_app, request
from itsdangerous import BadData, URLSafeTimedSerializer
from werkzeug.exceptions import LengthRequired, RequestEntityTooLarge

from ..errors import (
    AuthenticationError,
    InvalidTokenError,
    MissingTokenError,
    UnknownTenantError,
)
from ..tenants.credentials import Credentials
from ..tenants.current import (
    VerifiedRequest,
    find_verified_request,
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

MAX_FORM: Final = 64 * 1024
"""Bytes."""

MAX_LENGTH: Final = 16_384
_SALT = "connect.session-token"
_KEPT_KEY = "connect.is_kept"
_READING = frozenset({"GET", "HEAD", "OPTIONS"})
# The field as browsers write it, by the form's content type. To parse a form can take
# thirty times as long.
_FIELDS = {
    "application/x-www-form-urlencoded": re.compile(rb"(?:^|&)session_token=([^&]*)"),
    "multipart/form-data": re.compile(rb'; name="session_token"\r\n\r\n(.*?)\r\n'),
}
_P = ParamSpec("_P")
_R = TypeVar("_R")


@overload
def session_token_required(view: Callable[_P, _R], /) -> Callable[_P, _R]: ...


@overload
def session_token_required(
    *, max_form: int = MAX_FORM
) -> Callable[[Callable[_P, _R]], Callable[_P, _R]]: ...


def session_token_required(view: Any = None, /, *, max_form: int = MAX_FORM) -> Any:
    """Answer only a request with a token of :func:`session_token`.

    The token is sent as ``Authorization: Session ...``, as the form field
    ``session_token`` or, if the request only reads, in the query. Inside,
    ``current_tenant``, ``current_account_id`` and ``current_context`` are those of
    the page that made it. Never use it for a URL that the descriptor declares.

    A form is looked at before its sender is known, so one of more than *max_form*
    bytes is answered 413, and one that does not say its length 411. A larger one can
    send its token in the header.
    """
    if view is None:
        return partial(session_token_required, max_form=max_form)
    return guard(view, Policy.SESSION, partial(_verify, max_form=max_form))


def session_token() -> str:
    """Return a session token for the tenant and user of this request.

    Also available in templates. A request that came with a session token gets the
    same one back, so that its 15 minutes are never prolonged.

    :raises RuntimeError: if the request was not verified, within ``acting_for``, and
        in an answer that others will get, too.
    :raises LookupError: if the tenant has been purged.
    """
    verified = get_verified_request()
    if verified is not find_verified_request(request):
        raise RuntimeError(
            "session_token() is for the user of the request: call it "
            "outside of acting_for"
        )
    if request.environ.get(_KEPT_KEY):
        raise RuntimeError(
            "this answer is kept for others, too: leave the session token out, "
            "or max_age"
        )
    if verified.session_token is None:
        client_key = verified.tenant.client_key
        # The secret in the database, which may differ from the one just used.
        credentials = get_state().tenants.load_credentials(client_key)
        if credentials is None:
            raise LookupError(f"the tenant {client_key} has been purged")
        generation = _generation(credentials)
        claims = [client_key, verified.account_id, verified.context, generation]
        verified.session_token = str(_serializer().dumps(claims))
    return verified.session_token


def forbid_session_token(request: Request) -> None:
    """Make :func:`session_token` fail: the answer to *request* will be kept."""
    request.environ[_KEPT_KEY] = True


def _verify(request: Request, connect: ConnectState, *, max_form: int) -> None:
    token = _token_of(request, max_form)
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
    verified.session_token = token
    set_verified_request(request, verified)


def _token_of(request: Request, max_form: int) -> str:
    """Return the one session token of a request.

    Ignores the query of a request that changes something: links are easily passed
    on, with everything in them. Reads a form only if the header has no token.
    """
    scheme, _, value = request.headers.get("Authorization", "").partition(" ")
    found = {value.strip()} if scheme.lower() == SCHEME else set()
    if request.method in _READING:
        found.update(request.args.getlist(FIELD))
    elif not found:
        found.update(_in_form(request, max_form))
    if len(found) != 1:
        raise MissingTokenError(
            "contradicting session tokens" if found else "no session token"
        )
    return found.pop()


def _in_form(request: Request, max_form: int) -> set[str]:
    """Return the tokens in a form, which a stranger may have sent."""
    field = _FIELDS.get(request.mimetype)
    if field is None:
        return set()
    if request.content_length is None:
        raise LengthRequired
    if request.content_length > max_form:
        raise RequestEntityTooLarge
    found = set(field.findall(request.get_data()))
    return {unquote_to_bytes(value).decode("latin-1") for value in found}


def _read(token: str) -> tuple[str, str | None, dict[str, Any], str]:
    if len(token) > MAX_LENGTH:
        raise InvalidTokenError("the session token is too long")
    try:
        claims = _serializer().loads(token, max_age=LIFETIME)
    except BadData:
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
