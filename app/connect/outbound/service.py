"""One tenant's host, as an object."""

from typing import Any, cast

import requests
from werkzeug.local import LocalProxy

from ..tenants.current import get_verified_request
from ..tenants.models import Tenant
from ..tenants.state import get_state
from .call_rules import get_call_rules
from .client import HostClient, get_session
from .data_policy import DataPolicy, get_policy_cache
from .license import LicenseResource
from .modules import DynamicModules
from .properties import AppProperties


class TenantService:
    """Calls the host of one tenant as the app.

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
        state = get_state()
        if shared_secret is None:
            shared_secret = state.tenants.shared_secret_of(tenant)
        self.tenant = tenant
        self._client = HostClient(
            tenant,
            app_key=state.app_key,
            shared_secret=shared_secret,
            session=get_session(),
            rules=get_call_rules(),
        )
        self.properties = AppProperties(self._client, state.app_key)
        self.license = LicenseResource(self._client, state.app_key)
        self.modules = DynamicModules(self._client)
        self.data_policy = DataPolicy(self._client.as_app(), get_policy_cache())

    def request(self, method: str, url: str, **options: Any) -> requests.Response:
        """Call any REST resource; see :meth:`HostClient.request`.

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

    def __repr__(self) -> str:
        return f"<TenantService {self.tenant.client_key!r}>"


def _service_of_this_request() -> TenantService:
    """Sign with the secret that the request was signed with.

    After a failed upgrade the host still has the one before.
    """
    verified = get_verified_request()
    return TenantService(verified.tenant, shared_secret=verified.shared_secret)


current_service = cast(TenantService, LocalProxy(_service_of_this_request))
"""The service of the tenant that the request belongs to."""
