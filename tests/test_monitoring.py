"""OpenTelemetry and Sentry: what they are told."""

import sys
from collections.abc import Iterator
from typing import Any

import pytest
import sentry_sdk
from flask import Flask
from opentelemetry.instrumentation.flask import FlaskInstrumentor
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from sentry_sdk.transport import Transport

from app.connect import HostUnavailableError
from app.connect.errors import ConfigurationError
from app.connect.inbound.policies import public
from tests.example import create_app

# Not as one word, since Sentry is sent the lines of the source.
CANARY = "can" + "ary"
DSN = "https://key@sentry.example.com/1"


class Sent(Transport):
    """Keeps what would have been sent."""

    def __init__(self) -> None:
        super().__init__()
        self.events: list[Any] = []

    def capture_envelope(self, envelope: Any) -> None:
        """Keep the events of an envelope."""
        self.events += [item.payload.json for item in envelope.items]


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sent]:
    """Sentry with a transport that sends nothing."""
    transport, init = Sent(), sentry_sdk.init
    monkeypatch.setattr(
        sentry_sdk, "init", lambda **options: init(transport=transport, **options)
    )
    yield transport
    init()


def app_that_fails(config: dict[str, Any], error: Exception) -> Flask:
    app: Flask = create_app(config | {"SENTRY_DSN": DSN})
    app.config["PROPAGATE_EXCEPTIONS"] = False

    @app.post("/fail")
    @public
    def fail() -> str:
        secret = CANARY
        raise error from KeyError(secret)

    return app


def test_sentry_gets_no_token_body_or_text_of_an_error(
    config: dict[str, Any], sent: Sent
) -> None:
    app = app_that_fails(config, ValueError(CANARY))
    answer = app.test_client().post(
        f"/fail?jwt={CANARY}",
        data=CANARY,
        headers={"Authorization": CANARY, "Referer": CANARY},
    )
    assert answer.status_code == 500
    assert [event["exception"]["values"][-1]["type"] for event in sent.events] == [
        "ValueError"
    ]
    assert sent.events[0]["request"]["url"].endswith("/fail")
    assert CANARY not in repr(sent.events)


def test_sentry_gets_the_texts_of_the_frameworks_errors(
    config: dict[str, Any], sent: Sent
) -> None:
    app = app_that_fails(config, RuntimeError())
    app.logger.error("x", exc_info=HostUnavailableError("GET /x got no answer"))
    [error] = sent.events[0]["exception"]["values"]
    assert error["value"] == "GET /x got no answer"


def test_sentry_gets_no_query_of_a_call_to_a_host(
    config: dict[str, Any], sent: Sent
) -> None:
    app = app_that_fails(config, RuntimeError())
    about = {"http.query": CANARY}
    sentry_sdk.add_breadcrumb(category="httplib", data=about)
    app.logger.error("x")
    assert len(sent.events) == 1
    assert CANARY not in repr(sent.events)


def test_sentry_must_be_installed(
    config: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "sentry_sdk", None)
    with pytest.raises(ConfigurationError, match="install sentry-sdk"):
        create_app(config | {"SENTRY_DSN": DSN})


def test_the_metrics_folder_must_be_in_the_environment(
    config: dict[str, Any], tmp_path: Any
) -> None:
    with pytest.raises(ConfigurationError, match="set it in the environment"):
        create_app(config | {"PROMETHEUS_MULTIPROC_DIR": str(tmp_path)})


def span_of(app: Flask, path: str) -> ReadableSpan:
    provider, spans = TracerProvider(), InMemorySpanExporter()
    provider.add_span_processor(SimpleSpanProcessor(spans))
    instrumentor: Any = FlaskInstrumentor()
    instrumentor.instrument_app(app, tracer_provider=provider)
    try:
        app.test_client().get(path)
    finally:
        instrumentor.uninstrument_app(app)
    [span] = spans.get_finished_spans()
    return span


@pytest.mark.parametrize("names", ["", "http"], ids=["old-names", "new-names"])
def test_a_span_has_no_query(
    config: dict[str, Any], monkeypatch: pytest.MonkeyPatch, names: str
) -> None:
    monkeypatch.setenv("OTEL_SEMCONV_STABILITY_OPT_IN", names)
    span = span_of(create_app(config), f"/healthz?jwt={CANARY}")
    assert CANARY not in repr(span.attributes)
    assert "/healthz" in dict(span.attributes or {}).values()


def test_a_span_has_an_error_without_its_text(config: dict[str, Any]) -> None:
    app = create_app(config)
    app.config["PROPAGATE_EXCEPTIONS"] = False

    @app.get("/fail")
    @public
    def fail() -> str:
        raise ValueError(CANARY)

    span = span_of(app, "/fail")
    [event] = span.events
    assert dict(event.attributes or {})["exception.type"] == "ValueError"
    assert span.status.description == "ValueError"
    assert CANARY not in span.to_json()
