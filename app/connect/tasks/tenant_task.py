"""``tenant_task``: the author's Celery tasks, each run for one tenant."""

import logging
from collections.abc import Callable
from functools import update_wrapper
from typing import Any, Generic, ParamSpec, TypeVar, overload

from celery import Task, shared_task
from flask import current_app

from ..errors import HostError
from ..tenants.current import acting_for, get_verified_request
from ..tenants.lookup import find_tenant
from ..tenants.state import get_state
from .context import working
from .queue import get_queue
from .rescheduling import run_again_later

_P = ParamSpec("_P")
_R = TypeVar("_R")
_logger = logging.getLogger(__name__)


class TenantTask(Generic[_P, _R]):
    """A function that a worker can run for the tenant of this request.

    Called directly, it runs here and now. Its message carries the client key, the
    account id and the arguments, which must be serializable as JSON.
    """

    def __init__(self, function: Callable[_P, _R], options: dict[str, Any]) -> None:
        self._function = function
        self.name = f"{function.__module__}.{function.__qualname__}"
        update_wrapper(self, function)

        def run(
            task: Task[..., Any],
            client_key: str,
            account_id: str | None,
            args: list[Any],
            kwargs: dict[str, Any],
            pauses: int = 0,
        ) -> None:
            try:
                _run_for_tenant(self, client_key, account_id, args, kwargs)
            except HostError as error:
                if error.retry_in is None:
                    raise
                message = (client_key, account_id, args, kwargs)
                run_again_later(task, error, message, pauses)

        make_task: Callable[[Any], Any] = shared_task(
            name=self.name, bind=True, **options
        )
        make_task(run)

    def __call__(self, *args: _P.args, **kwargs: _P.kwargs) -> _R:
        return self._function(*args, **kwargs)

    def enqueue(self, *args: _P.args, **kwargs: _P.kwargs) -> None:
        """Have a worker run it for the current tenant and account id.

        First commit whatever the task needs to find in the database.

        :raises RuntimeError: outside of a verified request and ``acting_for``.
        :raises TypeError: if the arguments can't be serialized as JSON.
        :raises QueueUnavailableError: if the broker does not take it.
        """
        verified = get_verified_request()
        get_queue().send(
            self.name,
            verified.tenant.client_key,
            verified.account_id,
            list(args),
            dict(kwargs),
        )


@overload
def tenant_task(function: Callable[_P, _R], /) -> TenantTask[_P, _R]: ...


@overload
def tenant_task(
    **options: Any,
) -> Callable[[Callable[_P, _R]], TenantTask[_P, _R]]: ...


def tenant_task(function: Any = None, /, **options: Any) -> Any:
    """Turn a function into a task that works for one tenant.

    Inside, ``current_tenant``, ``current_service`` and ``current_account_id`` are
    set. If the tenant has uninstalled or disabled the app since, the task is dropped,
    which the audit trail records. If the host can't answer now, the task is run again
    later from the start: three times if the host is down (``max_retries``), and many
    more while it asks for a pause. *options* are Celery's, such as ``autoretry_for``.

    https://docs.celeryq.dev/en/stable/userguide/tasks.html
    """
    if function is None:
        return lambda decorated: TenantTask(decorated, options)
    return TenantTask(function, options)


def _run_for_tenant(
    task: TenantTask[Any, Any],
    client_key: str,
    account_id: str | None,
    args: list[Any],
    kwargs: dict[str, Any],
) -> None:
    tenant = find_tenant(client_key)
    if tenant is None or tenant.state != "enabled":
        state = "purged" if tenant is None else tenant.state
        _logger.info("dropped %s: client_key=%s is %s", task.name, client_key, state)
        get_state().tenants.note_dropped(client_key, task=task.name, state=state)
        return
    with acting_for(tenant, account_id), working():
        current_app.ensure_sync(task)(*args, **kwargs)
