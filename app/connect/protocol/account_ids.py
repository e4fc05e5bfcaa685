"""Validation of Atlassian account ids."""

import re

_ACCOUNT_ID = re.compile(r"[A-Za-z0-9:-]{1,128}")


def is_account_id(text: str) -> bool:
    """Return whether *text* can be an account id; ``unknown`` means a missing one.

    https://developer.atlassian.com/cloud/confluence/user-privacy-developer-guide/
    """
    return _ACCOUNT_ID.fullmatch(text) is not None and text != "unknown"
