"""The spaces that an app access rule hides from a call.

A call of a blocked app sees nothing of the space's contents, whether the app calls as
itself, as a person, or from its page, unless the operation is exempt.
https://support.atlassian.com/security-and-access-policies/docs/app-access-for-confluence-cloud-rest-apis/
"""

from devhost.access_rules import AccessRules, blocked_space_ids
from devhost.exchanges.inbound import note
from devhost.rest.caller import caller
from devhost.rest.operations import Operation
from devhost.rest.scopes import known_of_request
from devhost.site.current import current_site


def spaces_hidden_by_rule(operation: Operation) -> frozenset[str]:
    """Return the ids of the spaces that the rule of the calling app hides."""
    known = known_of_request(operation)
    if known is not None and known.is_exempt:
        return frozenset()
    return blocked_space_ids(current_site(), caller.app.app_key)


def note_rule(operation: Operation) -> None:
    """Note for the inspector how a rule affects the operation of this request."""
    known = known_of_request(operation)
    stated = "unknown" if known is None else known.access_rule
    said = "blocked (assumed)" if stated == "unknown" else stated
    rule = current_site().get(AccessRules).of(caller.app.app_key)
    if rule.blocks_anything:
        said += "; the app is blocked "
        said += "everywhere" if rule.everywhere else "in some spaces"
    note("access rule", said)
