"""Scope check before each call to a host, and access rule check after a refusal."""

import json
import logging
from collections.abc import Iterable

from ...errors import HostResponseError, ScopeError, SiteUnavailableError
from ...protocol.access_rules import BLOCKED
from ...protocol.operations import CONFLUENCE, Operation, find_operation, known_part
from ...protocol.scopes import INACCESSIBLE, effective_scopes
from ..recorder import CallRecorder
from .policy_cache import Client, PolicyCache, may_be_blocked

_logger = logging.getLogger(__name__)


class CallRules:
    """The rules of one app: the scopes it declares, and what its tenants block."""

    def __init__(
        self,
        declared: Iterable[str],
        *,
        policies: PolicyCache,
        recorder: CallRecorder | None = None,
    ) -> None:
        self._declared = tuple(declared)
        self._granted = effective_scopes(self._declared)
        self._policies = policies
        self._recorder = recorder

    def check(self, method: str, url: str, product: str) -> Operation | None:
        """Return the operation of a call that is about to be sent; None if unknown.

        :raises ScopeError: if the descriptor lacks the scope it needs.
        """
        operation = find_operation(method, url, product=product)
        if self._recorder and (operation is not None or product == CONFLUENCE):
            self._recorder.record(method, url, operation)
        if operation is None:
            _logger.debug(
                "no table knows what %s %s needs", method.upper(), known_part(url)
            )
        elif operation.scope not in self._granted:
            raise ScopeError(
                _lacking(operation, self._declared),
                operation=str(operation),
                needed=operation.scope,
                declared=self._declared,
            )
        return operation

    def is_due_to_a_rule(
        self, operation: Operation | None, error: HostResponseError, client: Client
    ) -> bool:
        """Return whether an app access rule may be why the host refused a call."""
        return (
            operation is not None
            and operation.access_rule == BLOCKED
            and error.status_code in (403, 404)
            and not isinstance(error, SiteUnavailableError)
            and may_be_blocked(client, self._policies)
        )


def _lacking(operation: Operation, declared: tuple[str, ...]) -> str:
    if operation.scope == INACCESSIBLE:
        return f"{operation} is closed to Connect apps, whatever their scopes"
    return (
        f"{operation} needs the scope {operation.scope}, and atlassian-connect.json "
        f"declares {', '.join(declared) or 'none'}: "
        f'write "scopes": {json.dumps([*declared, operation.scope])}'
    )
