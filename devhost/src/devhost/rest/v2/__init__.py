"""REST version 2: ``/wiki/api/v2``.

https://developer.atlassian.com/cloud/confluence/rest/v2/intro/
"""

from devhost.rest.v2 import (
    attachments,
    below,
    comments,
    contents,
    custom_content,
    data_policies,
    properties,
    spaces,
)

RESOURCES = (
    contents,
    custom_content,
    below,
    comments,
    attachments,
    properties,
    spaces,
    data_policies,
)
