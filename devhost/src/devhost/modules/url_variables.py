"""URL variables: ``{content.id}`` and the like, filled in.

https://developer.atlassian.com/cloud/confluence/context-parameters/
"""

import re
from collections.abc import Mapping
from urllib.parse import quote

# Characters that can stay in a URL as they are; a browser would encode the rest.
LEGAL_IN_URL = "%/?[]@!$&'()*+,;=:~"
# Half a surrogate pair: possible in JSON text, impossible in UTF-8.
HALF_CHARACTER = re.compile("[\ud800-\udfff]")
VARIABLE = re.compile(r"\{([^{}]*)\}")


def expand_url(url: str, variables: Mapping[str, str]) -> str:
    """Fill in the variables; unknown ones become empty."""
    return VARIABLE.sub(lambda found: _encoded(variables.get(found[1], "")), url)


def legal_url(url: str) -> str:
    """Encode the characters that are not allowed in a URL, and leave the others."""
    return quote(_whole(url), safe=LEGAL_IN_URL)


def _encoded(value: str) -> str:
    return quote(_whole(value), safe="")


def _whole(text: str) -> str:
    return HALF_CHARACTER.sub("\N{REPLACEMENT CHARACTER}", text)
