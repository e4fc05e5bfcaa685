"""``flask connect``: the commands for operators."""

from flask import Flask
from flask.cli import AppGroup

from .doctor import doctor
from .metrics import metrics
from .new_secrets import new_secrets
from .personal_data import personal_data_cli
from .rotate_keys import rotate_keys
from .scopes import access, scopes
from .tenant import tenant
from .tenants import purge, tenants
from .webhooks import webhooks_cli

connect_cli = AppGroup("connect", help="Tenants, secrets and the state of the app.")

for command in (
    *(doctor, tenants, tenant, purge, rotate_keys, new_secrets),
    *(webhooks_cli, personal_data_cli, scopes, access, metrics),
):
    connect_cli.add_command(command)


def init_app(app: Flask) -> None:
    """Add the ``flask connect`` commands to *app*."""
    app.cli.add_command(connect_cli)
