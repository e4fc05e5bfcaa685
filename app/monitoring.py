"""Monitoring by tools that a deployment may have installed: OpenTelemetry and Sentry.

Neither gets a token, a body or the text of an unknown error, which can quote customers'
data. Metrics for Prometheus are in ``connect.metrics``.
"""

from importlib.util import find_spec
from typing import Any, Final

from flask import Flask, Response, request
from prometheus_client.values import MutexValue, ValueClass

from .connect.errors import ConfigurationError, without_text
from .connect.http import error_handlers

# The attributes of a span that contain the query of a request, in old and new names.
# https://opentelemetry.io/docs/specs/semconv/http/http-spans/
_WITH_QUERY: Final = ("http.target", "http.url", "url.full", "url.query")


def init_app(app: Flask) -> None:
    """Set up what is installed and configured.

    Sentry by SENTRY_DSN. OpenTelemetry by its own variables, with
    ``opentelemetry-instrument gunicorn wsgi:app``.

    :raises ConfigurationError: if a setting can't take effect.
    """
    if app.config["PROMETHEUS_MULTIPROC_DIR"] and ValueClass is MutexValue:
        raise ConfigurationError(
            "PROMETHEUS_MULTIPROC_DIR is read before .env: set it in the environment"
        )
    if dsn := app.config["SENTRY_DSN"]:
        _init_sentry(dsn)
    if find_spec("opentelemetry"):
        app.after_request(_hide_secrets)


def _init_sentry(dsn: str) -> None:
    if not find_spec("sentry_sdk"):
        raise ConfigurationError("SENTRY_DSN is set: install sentry-sdk, or unset it")
    import sentry_sdk
    from sentry_sdk.integrations.logging import ignore_logger

    # It logs the errors of views, which Sentry gets from Flask.
    ignore_logger(error_handlers.__name__)
    sentry_sdk.init(
        dsn=dsn,
        include_local_variables=False,
        max_request_body_size="never",
        # They have the queries of calls to hosts, and what servers log of requests.
        max_breadcrumbs=0,
        before_send=without_secrets,
        before_send_transaction=without_secrets,
    )


def without_secrets(event: Any, _hint: Any = None) -> Any:
    """Return a Sentry event without the query, headers and texts of unknown errors."""
    about = event.get("request", {})
    for part in ("query_string", "headers", "cookies", "data", "env"):
        about.pop(part, None)
    if "url" in about:
        about["url"] = about["url"].partition("?")[0]
    for error in event.get("exception", {}).get("values", ()):
        # The framework's own messages can be logged; see connect.errors.
        if not str(error.get("module")).startswith("app.connect.errors."):
            error["value"] = ""
    return event


def _hide_secrets(response: Response) -> Response:
    from opentelemetry.trace import get_current_span

    span = get_current_span()
    recorded = getattr(span, "attributes", None) or {}
    for name in _WITH_QUERY:
        if name in recorded:
            span.set_attribute(name, request.path)
    if span.is_recording() and response.status_code >= 500:
        # The error of the view is recorded at the very end of the request.
        _hide_texts(span)
    return response


def _hide_texts(span: Any) -> None:
    """Have *span* record errors without their texts."""
    from opentelemetry.trace import Status

    record, set_status = span.record_exception, span.set_status

    def record_without(error: BaseException, *args: Any, **kwargs: Any) -> None:
        record(without_text(error), *args, **kwargs)

    def set_without(status: Any, *args: Any) -> None:
        if isinstance(status, Status):
            # "ValueError: and its text".
            kind = (status.description or "").partition(":")[0]
            status = Status(status.status_code, kind or None)
        set_status(status, *args)

    span.record_exception, span.set_status = record_without, set_without
