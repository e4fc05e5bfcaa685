"""The pooled HTTP session that all calls to all tenants go through."""

from http.cookiejar import DefaultCookiePolicy

import requests
from requests.adapters import HTTPAdapter

_POOL_SIZE = 20


class _Session(requests.Session):
    """Sees no redirect: requests reads where one leads even if it is not to follow."""

    def get_redirect_target(self, resp: requests.Response) -> None:
        return None


def new_session() -> requests.Session:
    """Return a session for all tenants: pooled, and blind to cookies.

    A cookie of one tenant must never travel with a call for another.
    """
    session = _Session()
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    adapter = HTTPAdapter(pool_connections=_POOL_SIZE, pool_maxsize=_POOL_SIZE)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return session
