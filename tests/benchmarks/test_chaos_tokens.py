"""The tokens of `make chaos`: each forgery differs in one thing."""

from collections.abc import Callable

import pytest
import responses
from flask import Flask
from flask.testing import FlaskClient

from app.connect import find_tenant
from app.connect.tenants.models import Tenant
from benchmarks.chaos import sites
from benchmarks.chaos.sites import Site
from tests import signing

PAGE = "/overview"
OTHER = sites.new_site("https://other.atlassian.net")


@pytest.fixture
def site(tenant: Tenant) -> Site:
    """The installed tenant, as its host knows it."""
    return Site(tenant.client_key, signing.SECRET, tenant.base_url)


@pytest.fixture
def install(client: FlaskClient, network: responses.RequestsMock) -> Callable[..., int]:
    """Send an install with a token; return the status."""
    network.assert_all_requests_are_fired = False
    status, _, pem = sites.install_key(f"/{sites.KNOWN_KEY_ID}")
    network.get(f"{signing.KEY_SERVER}/{sites.KNOWN_KEY_ID}", body=pem, status=status)

    def send(site: Site, token: str) -> int:
        body = {**sites.installation(site, site.secret), "key": signing.APP_KEY}
        headers = signing.authorization(token)
        return client.post("/installed", json=body, headers=headers).status_code

    return send


def ask(client: FlaskClient, token: str) -> int:
    """Ask for a page; return the status."""
    return client.get(PAGE, headers=signing.authorization(token)).status_code


def test_a_genuine_page_is_accepted(client: FlaskClient, site: Site) -> None:
    token = sites.sign(sites.claims(site, "GET", PAGE), site.secret)
    assert ask(client, token) == 200


@pytest.mark.parametrize("what", sites.FORGERIES)
def test_a_forged_page_is_refused(client: FlaskClient, site: Site, what: str) -> None:
    made = sites.claims(site, "GET", PAGE)
    assert ask(client, sites.FORGERIES[what](made, site, OTHER)) == 401


def test_a_genuine_install_is_accepted(app: Flask, install: Callable[..., int]) -> None:
    site = sites.new_site("https://new.atlassian.net")
    made = sites.install_claims(site, signing.BASE_URL, "/installed")
    assert install(site, sites.sign_install(made)) == 204
    with app.app_context():
        assert find_tenant(site.client_key)


@pytest.mark.parametrize("what", sites.FORGED_INSTALLS)
def test_a_forged_install_is_refused(
    site: Site, install: Callable[..., int], what: str
) -> None:
    made = sites.install_claims(site, signing.BASE_URL, "/installed")
    assert install(site, sites.FORGED_INSTALLS[what](made, site, OTHER)) == 401
