"""What may be the account id of an Atlassian user."""

import re

_ACCOUNT_ID = re.compile(r"[A-Za-z0-9:-]{1,128}")


def is_account_id(text: str) -> bool:
    """Say whether *text* can be an account id; ``unknown`` stands for none.

    https://developer.atlassian.com/cloud/confluence/user-privacy-developer-guide/
    """
    return _ACCOUNT_ID.fullmatch(text) is not None and text != "unknown"
