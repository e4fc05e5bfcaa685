"""URLs of the calls to the host."""

from tests import signing

SITE = signing.SITE


SPACE = f"{SITE}/rest/api/space"
