"""Validation of Atlassian account ids."""

import re

_ACCOUNT_ID = re.compile(r"[A-Za-z0-9:-]{1,128}")


def is_account_id(text: str) -> bool:
    """Return whether *text* can be an account id; ``unknown`` means a missing one.

    A URN is a token's subject, and not the account id in it.

    https://developer.atlassian.com/cloud/confluence/user-privacy-developer-guide/
    """
    if text == "unknown" or text.lower().startswith("urn:"):
        return False
    return _ACCOUNT_ID.fullmatch(text) is not None
