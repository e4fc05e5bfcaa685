"""A framework for Atlassian Connect apps: what authors import is here.

In the order in which a request meets it:

* ``inbound``: ``evidence`` finds the token and the hashes it may have,
  ``verify`` holds the policies as decorators, ``session_token`` one of the app's
  own, ``install_keys`` fetches the keys
  of signed installs, ``lifecycle`` is the blueprint of the callbacks,
  ``webhooks`` takes in the rest, ``answers`` says no, ``headers`` guards the answer;
  ``cacheable``, ``static_macros`` and ``conditions`` are views of special modules.
* ``background``: the inbox of webhooks, and what a worker does after the answer.
* ``tenants``: ``store`` finds and keeps who has the app installed, ``current``
  says whose request this is, ``signals`` tells of changes.
* ``outbound``: ``service`` calls a tenant's host, through ``client`` as the app and
  through ``impersonation`` as a user; ``call_rules`` checks each call.
* ``protocol``: the rules of Connect, pure: ``unverified`` and ``tokens``, ``qsh``,
  ``scopes`` and ``access_rules`` (both of ``operations``), ``urls``,
  ``storage_format``.
* ``licensing`` and ``permissions``: decorators that ask the host whether the tenant
  has a license, and what the user may do. ``personal_data_cycle``: of whom the app
  keeps data, and the cycle that reports it.
* ``descriptor``, ``lint``, ``routes``, ``translations`` and ``webhook_rules``:
  atlassian-connect.json, and whether the app keeps what it promises. ``links``: to
  the app's own pages. ``languages``: which one an answer is in. ``cli``: ``flask
  connect``.

``errors`` <- ``protocol`` <- ``tenants`` <- ``background`` <- ``inbound`` |
``outbound`` <- the rest; a test keeps it so.
"""

from pathlib import Path

from flask import Flask

from .. import extensions
from . import licensing, outbound, webhooks
from .cli import connect_cli
from .db.encryption import SecretCipher
from .descriptor import document as descriptor_file
from .descriptor.check_routes import (
    find_misplaced_checks,
    find_undeclared_routes,
    find_unserved_modules,
)
from .descriptor.check_translations import find_translation_problems
from .descriptor.check_webhooks import find_webhook_differences
from .descriptor.lint import find_problems
from .descriptor.module_url import module_url
from .errors import AccessRuleError, ConfigurationError, DescriptorError, ScopeError
from .http import locale
from .http.base_path import BasePath
from .http.error_handlers import register_error_handlers
from .http.json_provider import ProxyJSONProvider
from .http.no_sessions import NoSessions
from .http.security_headers import register_headers
from .inbound import health, lifecycle
from .inbound.install_keys import InstallKeys
from .inbound.module_views.cacheable_page import cacheable_page
from .inbound.module_views.remote_condition import remote_condition
from .inbound.module_views.static_macro import render_storage, static_macro
from .inbound.session_token import session_token, session_token_required
from .inbound.verify import context_jwt_required, jwt_required, public
from .licensing import current_license, license_required
from .outbound.service import TenantService, current_service
from .permissions import PermissionCache, admin_required, permission_required
from .personal_data.cycle import personal_data
from .personal_data.store import PersonalDataStore
from .protocol.access_rules import access_rule
from .protocol.scopes import effective_scopes, required_scopes
from .protocol.storage_format import storage_cdata, storage_macro, storage_text
from .tasks.tenant_task import tenant_task
from .tenants.acting import acting_for
from .tenants.current import current_account_id, current_context, current_tenant
from .tenants.signals import (
    account_closed,
    account_updated,
    tenant_disabled,
    tenant_enabled,
    tenant_installed,
    tenant_purged,
    tenant_uninstalled,
)
from .tenants.state import ConnectState, find_tenant
from .tenants.store import TenantStore
from .webhooks import receive
from .webhooks.handlers import registered, webhook
from .webhooks.models import WebhookDelivery

__all__ = [
    "AccessRuleError",
    "ScopeError",
    "TenantService",
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
    """Give *app* the lifecycle, the descriptor, the policies and the commands.

    Reads every CONNECT_... setting from ``app.config``. Register your own routes
    afterwards, then call :func:`check`.

    :raises DescriptorError: naming all that is wrong with the descriptor.
    """
    settings = app.config
    descriptor = descriptor_file.load_descriptor(descriptor_path, settings)
    if problems := list(find_problems(descriptor)):
        raise DescriptorError(problems)
    tenants = TenantStore(
        extensions.db,
        SecretCipher(settings["CONNECT_ENCRYPTION_KEYS"]),
        secret_grace=settings["CONNECT_SECRET_GRACE"],
        cache_seconds=settings["CONNECT_TENANT_CACHE_SECONDS"],
    )
    app.extensions["connect"] = ConnectState(
        app_key=descriptor["key"],
        base_url=settings["CONNECT_BASE_URL"],
        leeway=settings["CONNECT_CLOCK_LEEWAY"],
        scopes=effective_scopes(descriptor.get("scopes", [])),
        tenants=tenants,
    )
    app.extensions["connect-descriptor"] = descriptor
    app.extensions["connect-install-keys"] = InstallKeys(
        settings["CONNECT_KEY_SERVERS"]
    )
    app.extensions["connect-personal-data"] = PersonalDataStore(extensions.db)
    app.extensions["connect-permissions"] = PermissionCache(
        settings["CONNECT_PERMISSION_CACHE_SECONDS"]
    )
    outbound.init_app(app, descriptor, tenants)
    webhooks.init_app(app)
    licensing.init_app(app)
    locale.init_app(app)
    app.json = ProxyJSONProvider(app)
    app.session_interface = NoSessions()
    app.wsgi_app = BasePath(app.wsgi_app, settings["CONNECT_BASE_URL"])  # type: ignore[method-assign]  # Flask's own way to add middleware.
    register_headers(app)
    register_error_handlers(app)
    app.jinja_env.globals["session_token"] = session_token
    for blueprint in (descriptor_file.bp, lifecycle.bp, receive.bp, health.bp):
        app.register_blueprint(blueprint)
    app.jinja_env.globals["module_url"] = module_url
    app.cli.add_command(connect_cli)
    if app.has_static_folder:
        public(app.view_functions["static"])


def check(app: Flask) -> None:
    """Make sure that each route declares a policy and each module is served.

    Each webhook has its handler then, and each translation of the descriptor its
    file.

    :raises ConfigurationError: naming each route without a policy, and each whose
        check of permissions can't work.
    :raises DescriptorError: naming each module that is not served as it must, each
        webhook that has no handler, or the other way round, and each text that has
        no translation.
    """
    if wrong := [*find_undeclared_routes(app), *find_misplaced_checks(app)]:
        raise ConfigurationError("; ".join(wrong))
    descriptor = app.extensions["connect-descriptor"]
    problems = [
        *find_unserved_modules(app, descriptor),
        *find_translation_problems(app, descriptor),
        *find_webhook_differences(descriptor, registered),
    ]
    if problems:
        raise DescriptorError(problems)
