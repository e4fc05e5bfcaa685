"""Checks before every REST operation, and the spaces hidden from it.

To take part in every call, add a function here: to ``CHECKS`` for refusing an operation
(by raising ``RestError``; ``caller`` and ``request.view_args`` say who and what), to
``HIDDEN_SPACES`` for hiding spaces from an operation: their contents return 404, and
are absent from lists and searches.
"""

from collections.abc import Callable

from flask import g

from devhost.rest.blocked_spaces import note_rule, spaces_hidden_by_rule
from devhost.rest.operations import Operation, current_operation
from devhost.rest.scopes import check_scope

Check = Callable[[Operation], None]
HiddenSpaces = Callable[[Operation], frozenset[str]]

CHECKS: tuple[Check, ...] = (note_rule, check_scope)
HIDDEN_SPACES: tuple[HiddenSpaces, ...] = (spaces_hidden_by_rule,)


def check_operation() -> None:
    """Let every check refuse the operation of this request.

    :raises RestError: if a check refuses it.
    """
    operation = current_operation()
    for check in CHECKS:
        check(operation)


def hidden_spaces() -> frozenset[str]:
    """Return the ids of the spaces that are hidden from this request's operation."""
    if "devhost_hidden_spaces" not in g:
        operation = current_operation()
        ids = [hide(operation) for hide in HIDDEN_SPACES]
        g.devhost_hidden_spaces = frozenset[str]().union(*ids)
    hidden: frozenset[str] = g.devhost_hidden_spaces
    return hidden
