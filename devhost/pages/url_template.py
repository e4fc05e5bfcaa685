"""The variables of a URL: ``{content.id}`` and the like.

https://developer.atlassian.com/cloud/confluence/context-parameters/
"""

import re
from collections.abc import Mapping
from urllib.parse import quote

# Everything that may stand in a URL as it is; a browser would encode the rest.
LEGAL_IN_URL = "%/?[]@!$&'()*+,;=:~"
VARIABLE = re.compile(r"\{([^{}]*)\}")


def expand_url(url: str, variables: Mapping[str, str]) -> str:
    """Fill in the variables; unbound ones become empty."""
    return VARIABLE.sub(lambda found: _encoded(variables.get(found[1], "")), url)


def legal_url(url: str) -> str:
    """Encode what may not stand in a URL, and leave what may."""
    # A JSON text can hold half a character.
    return quote(url, safe=LEGAL_IN_URL, errors="replace")


def _encoded(value: str) -> str:
    return quote(value, safe="", errors="replace")
