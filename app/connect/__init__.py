"""The Atlassian Connect framework. App authors import from this package only.

A request passes through the folders in this order:

* ``http``: base path, locale, security headers, and error handlers.
* ``inbound``: requests from the host. Finds the token, verifies it against the view's
  policy, and handles lifecycle events; ``module_views`` are special views.
* ``tenants``: the sites that have the app installed, and proxies such as
  ``current_tenant``.
* ``licensing`` and ``permissions``: decorators that go below a view's policy and ask
  the host.
* ``outbound``: calls to the host: ``TenantService``, retries, impersonation.
* ``webhooks``: an inbox that answers at once, and a runner that calls the handlers.
* ``tasks``: Celery, its queue, and ``tenant_task``.
* ``personal_data``: tells the host whose personal data the app keeps (GDPR).
* ``maintenance``: deletes data past its retention time.
* ``descriptor``: atlassian-connect.json: load, lint, serve, and check the app
  against it.
* ``cli``: ``flask connect``.

Below them all: ``errors``, ``metrics``, ``protocol`` (Connect's rules as pure
functions) and ``db`` (transactions, encryption, cache). A package may import only those
to its left:

``errors`` | ``metrics`` <- ``protocol`` <- ``db`` <- ``tenants`` <- ``http``,
``tasks`` <- ``inbound`` | ``outbound`` <- ``webhooks``, ``licensing``,
``permissions``, ``personal_data`` <- ``descriptor``, ``maintenance`` <- ``cli``; a test
enforces this.

Each package has an ``init_app``, one state in ``app.extensions`` (``connect.webhooks``
and so on) and one function that returns it.
"""

from pathlib import Path

from flask import Flask

from . import (
    cli,
    db,
    descriptor,
    http,
    inbound,
    licensing,
    maintenance,
    outbound,
    permissions,
    tasks,
    tenants,
    webhooks,
)
from .descriptor.check import check
from .descriptor.module_url import module_url
from .errors import (
    AccessRuleError,
    AppNotFoundError,
    AuthenticationError,
    ConfigurationError,
    ConnectError,
    DescriptorError,
    HostError,
    HostResponseError,
    HostUnavailableError,
    ImpersonationError,
    InstallKeysUnavailableError,
    InvalidSignatureError,
    InvalidTokenError,
    LicenseRequiredError,
    MalformedBodyError,
    MissingTokenError,
    ModuleRejectedError,
    OutdatedInstallError,
    PermissionDeniedError,
    PermissionUnknownError,
    PropertyLimitError,
    PropertyNotFoundError,
    QshMismatchError,
    QueueUnavailableError,
    RateLimitedError,
    ScopeError,
    SiteUnavailableError,
    TokenRefusedError,
    UnknownTenantError,
    UnsafeURLError,
    UntrustedInstallError,
)
from .inbound.module_views.cacheable_page import cacheable_page
from .inbound.module_views.remote_condition import remote_condition
from .inbound.module_views.static_macro import render_storage, static_macro
from .inbound.policies import context_jwt_required, jwt_required, public
from .inbound.session_token import session_token, session_token_required
from .licensing.current import current_license
from .licensing.decorators import license_required
from .outbound.service import TenantService, current_service
from .permissions import admin_required, permission_required
from .personal_data import init_app as init_personal_data
from .personal_data.registry import personal_data
from .personal_data.signals import account_closed, account_updated
from .protocol.access_rules import access_rule
from .protocol.scopes import required_scopes
from .protocol.storage_format import storage_cdata, storage_macro, storage_text
from .tasks.tenant_task import tenant_task
from .tenants.current import (
    acting_for,
    current_account_id,
    current_context,
    current_tenant,
)
from .tenants.lookup import find_tenant
from .tenants.signals import (
    tenant_disabled,
    tenant_enabled,
    tenant_installed,
    tenant_purged,
    tenant_uninstalled,
)
from .webhooks.handlers import webhook
from .webhooks.models import WebhookDelivery

__all__ = [
    "AccessRuleError",
    "AppNotFoundError",
    "AuthenticationError",
    "ConfigurationError",
    "ConnectError",
    "DescriptorError",
    "HostError",
    "HostResponseError",
    "HostUnavailableError",
    "ImpersonationError",
    "InstallKeysUnavailableError",
    "InvalidSignatureError",
    "InvalidTokenError",
    "LicenseRequiredError",
    "MalformedBodyError",
    "MissingTokenError",
    "ModuleRejectedError",
    "OutdatedInstallError",
    "PermissionDeniedError",
    "PermissionUnknownError",
    "PropertyLimitError",
    "PropertyNotFoundError",
    "QshMismatchError",
    "QueueUnavailableError",
    "RateLimitedError",
    "ScopeError",
    "SiteUnavailableError",
    "TenantService",
    "TokenRefusedError",
    "UnknownTenantError",
    "UnsafeURLError",
    "UntrustedInstallError",
    "WebhookDelivery",
    "access_rule",
    "account_closed",
    "account_updated",
    "acting_for",
    "admin_required",
    "cacheable_page",
    "check",
    "context_jwt_required",
    "current_account_id",
    "current_context",
    "current_license",
    "current_service",
    "current_tenant",
    "find_tenant",
    "init_app",
    "jwt_required",
    "license_required",
    "module_url",
    "permission_required",
    "personal_data",
    "public",
    "remote_condition",
    "render_storage",
    "required_scopes",
    "session_token",
    "session_token_required",
    "static_macro",
    "storage_cdata",
    "storage_macro",
    "storage_text",
    "tenant_disabled",
    "tenant_enabled",
    "tenant_installed",
    "tenant_purged",
    "tenant_task",
    "tenant_uninstalled",
    "webhook",
]


def init_app(app: Flask, descriptor_path: Path) -> None:
    """Set up the whole framework on *app* from the settings in ``app.config``.

    Register your own routes afterwards, then call :func:`check`.

    :raises DescriptorError: naming everything that is wrong with the descriptor.
    """
    document = descriptor.load(descriptor_path, app.config)
    db.init_app(app)
    tenants.init_app(app, document)
    http.init_app(app)
    tasks.init_app(app)
    inbound.init_app(app)
    outbound.init_app(app, document)
    webhooks.init_app(app)
    licensing.init_app(app)
    permissions.init_app(app)
    init_personal_data(app)
    descriptor.init_app(app, document)
    maintenance.init_app(app)
    cli.init_app(app)
