"""``TenantService``: the API of one tenant's host, for app authors."""

from collections.abc import Iterable, Iterator, Mapping
from copy import copy
from typing import Any, Self, cast

import requests
from werkzeug.local import LocalProxy

from ..tenants.current import get_verified_request
from ..tenants.models import Tenant
from ..tenants.state import get_state
from .client import HostClient
from .data_policy import DataPolicy
from .dynamic_modules import DynamicModules
from .impersonation.access_tokens import Grant
from .impersonation.client import UserClient, new_grant
from .license import LicenseResource
from .pagination import MAX_PAGES, Page, Progress, iterate_pages
from .properties import AppProperties
from .state import get_outbound


class TenantService:
    """Calls the host of one tenant as the app, or with :meth:`as_user` as a user.

    ``properties``, ``license``, ``modules`` and ``data_policy`` are its resources;
    everything else is a :meth:`request`. Needs an app context, and holds no connection.

    :raises TypeError: if *tenant* is not a tenant, such as find_tenant's None.
    :raises LookupError: if the tenant has been purged.
    """

    def __init__(self, tenant: Tenant, *, shared_secret: str | None = None) -> None:
        if not isinstance(tenant, Tenant):
            raise TypeError(
                "TenantService needs a Tenant; find_tenant gives None when unknown"
            )
        state, outbound = get_state(), get_outbound()
        if shared_secret is None:
            shared_secret = state.tenants.shared_secret_of(tenant)
        self.tenant = tenant
        self._outbound = outbound
        self._paid = state.paid
        secret = shared_secret

        # A closure, unlike an attribute, does not show the secret.
        def grant(account_id: str, scopes: Iterable[str] | None) -> Grant:
            return new_grant(
                tenant,
                account_id,
                scopes,
                app_scopes=state.scopes,
                shared_secret=secret,
            )

        self._grant = grant
        self._client = HostClient(tenant, outbound, shared_secret=secret)

    @property
    def properties(self) -> AppProperties:
        """The app properties of the tenant."""
        return AppProperties(self._client, self._outbound.app_key)

    @property
    def license(self) -> LicenseResource:
        """The app's license at the tenant."""
        return LicenseResource(self._client, self._outbound.app_key, paid=self._paid)

    @property
    def modules(self) -> DynamicModules:
        """The dynamic modules of the tenant."""
        return DynamicModules(self._client)

    @property
    def data_policy(self) -> DataPolicy:
        """What app access rules block; always called as the app itself."""
        return DataPolicy(self._client.as_app(), self._outbound.policies)

    def as_user(self, account_id: str, *, scopes: Iterable[str] | None = None) -> Self:
        """Return a copy of this service that acts as a user; nothing is sent yet.

        The first call fetches an access token, which this worker caches. *scopes*
        restricts the token to some of the app's scopes. The host refuses calls that
        only the app itself can make, such as for dynamic modules.

        :raises ValueError: if *account_id* is not an account id, or *scopes* is empty.
        :raises ScopeError: if the descriptor lacks ACT_AS_USER, or one of *scopes*.
        :raises ImpersonationError: if the site has not given the app an OAuth
            client id, which comes with an install after ACT_AS_USER was added.
        """
        service = copy(self)
        grant = self._grant(account_id, scopes)
        service._client = UserClient(grant, self._outbound)
        return service

    def request(self, method: str, url: str, **options: Any) -> requests.Response:
        """Call any REST operation; see :meth:`HostClient.request`.

        :raises ScopeError: if the descriptor lacks the scope that the call needs.
        :raises HostError: if the host does not answer, or answers 400 or more.
        """
        return self._client.request(method, url, **options)

    def get_json(self, url: str, **options: Any) -> Any:
        """Return the JSON that the host answers to a GET.

        :raises HostError: if the host does not answer, answers 400 or more, or
            answers no JSON.
        """
        return self._client.get_json(url, **options)

    def paginate(
        self,
        url: str,
        *,
        limit: int | None = None,
        params: Mapping[str, Any] | None = None,
        max_pages: int = MAX_PAGES,
        progress: Progress | None = None,
    ) -> Iterator[Any]:
        """Yield the results of a paginated REST v1 or v2 answer, page by page.

        *limit* is the page size, *max_pages* the number of pages after which to give
        up; *progress* is called with each :class:`Page`.

        :raises UnsafeURLError: if the host names a page that is not below its own
            base URL; it is not asked for.
        :raises HostResponseError: if an answer is not a page, or there are too many.
        :raises HostError: if the host does not answer, or refuses.
        """
        for page in self.iterate_pages(
            url, limit=limit, params=params, max_pages=max_pages
        ):
            if progress is not None:
                progress(page)
            yield from page.items

    def iterate_pages(
        self,
        url: str,
        *,
        limit: int | None = None,
        params: Mapping[str, Any] | None = None,
        max_pages: int = MAX_PAGES,
    ) -> Iterator[Page]:
        """Yield the pages of a paginated answer; see :meth:`paginate`.

        Continue from a page's ``next_url``, for example in another task.
        """
        if limit is not None:
            params = {**(params or {}), "limit": limit}
        return iterate_pages(self._client, url, params=params, max_pages=max_pages)

    def __repr__(self) -> str:
        whom = " as a user" if isinstance(self._client, UserClient) else ""
        return f"<TenantService {self.tenant.client_key!r}{whom}>"


def _current_service() -> TenantService:
    """Return the verified request's service, created on first use.

    It signs with the same secret as the request: after a failed upgrade the host
    still has the previous one.
    """
    verified = get_verified_request()
    if verified.service is None:
        verified.service = TenantService(
            verified.tenant, shared_secret=verified.shared_secret
        )
    return cast(TenantService, verified.service)


current_service = cast(TenantService, LocalProxy(_current_service))
"""The service of the request's tenant."""
