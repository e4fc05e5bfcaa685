"""``python -m benchmarks.install_flood``: run each row, and print a table."""

import argparse
import secrets
import sys
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from statistics import median

from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from app.extensions import db
from tests.example import create_app

from ..process import free_port
from ..webhooks.processes import Process, wait_for_web
from . import __doc__ as what_is_shown
from .senders import (
    BASE_URL,
    Message,
    Sender,
    genuine,
    junk,
    run_all,
    visits,
    well_formed,
)

MODULE = "benchmarks.install_flood"
MAX_REFUSED = 0.01
HANG = "inf"

Strangers = Callable[[int, RSAPrivateKey], list[Message]]


def main() -> int:
    """Run every row; return 1 if too many genuine installs were refused."""
    options = _parse()
    key = rsa.generate_private_key(65537, 2048)
    rows: list[tuple[str, Strangers | None, str]] = [
        ("nobody", None, options.latency),
        ("junk", junk, options.latency),
        ("well-formed", well_formed, options.latency),
        ("nobody, servers hang", None, HANG),
        ("well-formed, servers hang", well_formed, HANG),
    ]
    print(
        "| strangers | genuine installs | refused | slowest | forged: 401, 503 "
        "| slowest page | slowest /healthz |\n|---|--:|--:|--:|--:|--:|--:|"
    )
    missed = False
    for name, strangers, latency in rows:
        refused = _row(options, key, name, strangers, latency)
        missed = missed or (latency != HANG and refused > MAX_REFUSED)
    verdict = "missed" if missed else "reached"
    print(f"\nTarget: at most 1 % refused while the key servers answer: {verdict}")
    return int(missed)


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog=f"python -m {MODULE}",
        description=what_is_shown,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--seconds", type=float, default=12, help="per row (12)")
    parser.add_argument("--forged", type=float, default=80, help="per second (80)")
    parser.add_argument("--genuine", type=float, default=4, help="per second (4)")
    parser.add_argument(
        "--latency", default="0.12", help="of a key server, in seconds (0.12)"
    )
    parser.add_argument("--database", help="an empty database, if not a SQLite file")
    return parser.parse_args()


def _row(
    options: argparse.Namespace,
    key: RSAPrivateKey,
    name: str,
    strangers: Strangers | None,
    latency: str,
) -> float:
    """Run one row on new processes; return the share of refused installs."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        port = _start(stack, Path(folder), options, key, latency)

        def sender(rate: float, make: Strangers) -> Sender:
            return Sender(port, rate, make(int(rate * options.seconds), key))

        hosts = sender(options.genuine, genuine)
        page = sender(10, lambda count, _: visits("/page", count))
        health = sender(2, lambda count, _: visits("/healthz", count))
        forged = [sender(options.forged, strangers)] if strangers else []
        run_all([hosts, page, health, *forged])
    refused = len(hosts.messages) - hosts.statuses[204]
    statuses = forged[0].statuses if forged else {}
    print(
        f"| {name} | {len(hosts.messages)} | {refused} | {_times(hosts)} "
        f"| {statuses.get(401, 0)}, {statuses.get(503, 0)} "
        f"| {_times(page)} | {_times(health)} |",
        flush=True,
    )
    return refused / len(hosts.messages)


def _times(sender: Sender) -> str:
    worst, middle = max(sender.seconds), median(sender.seconds)
    return f"{worst * 1000:.0f} ms (median {middle * 1000:.0f})"


def _start(
    stack: ExitStack,
    folder: Path,
    options: argparse.Namespace,
    key: RSAPrivateKey,
    latency: str,
) -> int:
    """Start two key servers and gunicorn; return its port."""
    pem = folder / "key.pem"
    pem.write_bytes(
        key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    )
    servers = [free_port(), free_port()]
    for number in servers:
        arguments = [f"{MODULE}.key_server", str(number), latency, str(pem)]
        log = folder / f"keys-{number}.log"
        stack.callback(Process(arguments, {}, log).stop)
    environment = {
        "SECRET_KEY": secrets.token_urlsafe(32),
        "CONNECT_ENCRYPTION_KEYS": Fernet.generate_key().decode(),
        "CONNECT_BASE_URL": BASE_URL,
        "CONNECT_KEY_SERVERS": ",".join(f"http://127.0.0.1:{port}" for port in servers),
        "DATABASE_URL": options.database or f"sqlite:///{folder / 'app.sqlite3'}",
        "PORT": str(free_port()),
    }
    app = create_app(environment)
    with app.app_context():
        db.create_all()
        db.engine.dispose()
    web = ["gunicorn", "-c", "gunicorn.conf.py", f"{MODULE}.server:app"]
    web_log = folder / "web.log"
    stack.callback(Process(web, environment, web_log).stop)
    wait_for_web(int(environment["PORT"]), web_log)
    return int(environment["PORT"])


if __name__ == "__main__":
    sys.exit(main())
