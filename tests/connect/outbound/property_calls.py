"""The calls of app properties."""

import re

import pytest

from tests import signing

PROPERTIES = (
    f"{signing.SITE}/rest/atlassian-connect/1/addons/{signing.APP_KEY}/properties"
)


RESERVED = "connect_client_key_019cdff3-8bfb-71fe-9628-875b700aebb8"


ANY_PROPERTY = re.compile(re.escape(PROPERTIES) + "/.*")


CALLS = [
    pytest.param("GET", lambda properties, key: properties.get(key), id="get"),
    pytest.param("PUT", lambda properties, key: properties.set(key, 1), id="set"),
    pytest.param("DELETE", lambda properties, key: properties.delete(key), id="delete"),
]
