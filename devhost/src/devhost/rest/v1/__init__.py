"""REST version 1: ``/wiki/rest/api``.

https://developer.atlassian.com/cloud/confluence/rest/v1/intro/
"""

from devhost.rest.v1 import (
    attachments,
    children,
    contents,
    groups,
    labels,
    permissions,
    properties,
    search,
    spaces,
)

RESOURCES = (
    contents,
    children,
    labels,
    properties,
    attachments,
    spaces,
    groups,
    permissions,
    search,
)
