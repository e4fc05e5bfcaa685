"""Site ids in an unsigned body: nobody takes over another tenant's."""

import pytest
import responses
from flask import Flask
from flask.testing import FlaskClient

from app.connect import find_tenant
from app.connect.tenants.models import Tenant
from tests.advisories.attacks import post
from tests.installing import install
from tests.signing import install_token


@pytest.mark.parametrize("name", ["cloudId", "installationId"])
def test_an_install_takes_no_ids_from_a_living_tenant(
    app: Flask, client: FlaskClient, world: responses.RequestsMock, name: str
) -> None:
    """The host answers for client key and URL, but the body is not signed: an install
    that names another site's ids would be found as that site."""
    install(app, clientKey="victim", cloudId="c", installationId="i")
    own = {"clientKey": "b", "baseUrl": "https://attacker.atlassian.net/wiki"}
    token = install_token(iss="b")
    id_of_victim = {"cloudId": "c", "installationId": "i"}[name]
    answer = post(client, "installed", token, **own, **{name: id_of_victim})
    assert answer.status_code == 204

    def tenant(client_key: str) -> Tenant:
        with app.app_context():
            found = find_tenant(client_key)
        assert found is not None
        return found

    assert (tenant("victim").cloud_id, tenant("victim").installation_id) == ("c", "i")
    assert (tenant("b").cloud_id, tenant("b").installation_id) == (None, None)
