"""The variables of a URL: ``{content.id}`` and the like.

https://developer.atlassian.com/cloud/confluence/context-parameters/
"""

import re
from collections.abc import Mapping
from urllib.parse import quote

# Everything that may stand in a URL as it is; a browser would encode the rest.
LEGAL_IN_URL = "%/?[]@!$&'()*+,;=:~"
# A JSON text can hold one; UTF-8 cannot.
HALF_CHARACTER = re.compile("[\ud800-\udfff]")
VARIABLE = re.compile(r"\{([^{}]*)\}")


def expand_url(url: str, variables: Mapping[str, str]) -> str:
    """Fill in the variables; unbound ones become empty."""
    return VARIABLE.sub(lambda found: _encoded(variables.get(found[1], "")), url)


def legal_url(url: str) -> str:
    """Encode what may not stand in a URL, and leave what may."""
    return quote(_whole(url), safe=LEGAL_IN_URL)


def _encoded(value: str) -> str:
    return quote(_whole(value), safe="")


def _whole(text: str) -> str:
    return HALF_CHARACTER.sub("\N{REPLACEMENT CHARACTER}", text)
