"""``flask connect new-secrets``: make the secrets of a deployment."""

import secrets

import click
from cryptography.fernet import Fernet


@click.command("new-secrets")
def new_secrets() -> None:
    """Print new values for SECRET_KEY and CONNECT_ENCRYPTION_KEYS, as lines of .env.

    It needs no setting. An app that has tenants keeps its old encryption keys: put
    the new one before them.
    """
    click.echo(f"SECRET_KEY={secrets.token_urlsafe(48)}")
    click.echo(f"CONNECT_ENCRYPTION_KEYS={Fernet.generate_key().decode('ascii')}")
