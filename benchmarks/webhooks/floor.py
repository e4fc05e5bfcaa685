"""The floor: a bare Flask route that commits one INSERT, and a no-op Celery task."""

import os
from typing import Any

from celery import Celery
from flask import Flask, request
from sqlalchemy import (
    Column,
    Integer,
    MetaData,
    Table,
    Text,
    create_engine,
    event,
    insert,
)

from .counter import count

TASK = "benchmark.noop"

app = Flask(__name__)
# Not pool_size=5, the default: a request must not wait for a connection.
engine = create_engine(os.environ["FLOOR_DATABASE_URL"], pool_size=8)
bodies = Table(
    "benchmark_body",
    MetaData(),
    Column("id", Integer, primary_key=True),
    Column("body", Text),
)
celery = Celery("floor", broker=os.environ["CELERY_BROKER_URL"])
celery.conf.task_default_queue = os.environ["BENCHMARK_QUEUE"]
celery.conf.task_ignore_result = True


@event.listens_for(engine, "connect")
def _write_ahead(connection: Any, _record: Any) -> None:
    if engine.dialect.name == "sqlite":
        connection.execute("PRAGMA journal_mode=WAL")


@app.post("/webhooks/<name>")
def receive(name: str) -> tuple[str, int]:
    """Store the body as it came."""
    with engine.begin() as connection:
        connection.execute(insert(bodies), {"body": request.get_data(as_text=True)})
    return "", 204


@app.get("/healthz")
def healthz() -> str:
    """Answer once the app has started."""
    return ""


@celery.task(name=TASK)
def noop() -> None:
    """Do nothing but count."""
    count()


bodies.metadata.create_all(engine)
engine.dispose()
