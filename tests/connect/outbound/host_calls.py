"""Where the calls to the host go."""

from tests import signing

SITE = signing.SITE


SPACE = f"{SITE}/rest/api/space"
