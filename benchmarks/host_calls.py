"""Compares ``properties.get`` with ``requests`` and a header that is ready.

Both read the same answer from a server on this machine over one kept-alive connection;
what is measured is the CPU time of this process. The call signs each request, checks
scopes and limits, and reads the value; ``requests`` only calls and parses.

    python -m benchmarks.host_calls
"""

import json
import multiprocessing
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from statistics import median

import requests

from app.connect import TenantService, find_tenant
from tests.example import create_app

from .tenants import Site, install, new_environment, new_site

ROUNDS = 21
CALLS = 200
TARGET = 1.15

_BODY = json.dumps({"key": "colour", "value": {"name": "teal"}}).encode()
_ANSWER = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json;charset=UTF-8\r\n"
    b"Content-Length: %d\r\n\r\n%s" % (len(_BODY), _BODY)
)


def main() -> int:
    """Run the benchmark, and print the ratio of each round's times."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        origin = f"http://127.0.0.1:{listener.getsockname()[1]}"
        server = multiprocessing.get_context("fork").Process(
            target=_serve, args=(listener,), daemon=True
        )
        server.start()
        try:
            _compare(origin)
        finally:
            server.terminate()
    return 0


def _compare(origin: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        site = new_site(0)
        environment = new_environment(f"sqlite:///{folder}/tenants.sqlite3")
        install(environment, [site])
        with create_app(environment).app_context():
            calls = {"requests": _bare(origin), "properties.get": _ours(origin, site)}
            times: dict[str, list[float]] = {name: [] for name in calls}
            for call in calls.values():
                _measure(call)
            for number in range(ROUNDS):
                for name in sorted(calls, reverse=bool(number % 2)):
                    times[name].append(_measure(calls[name]))
    ratios = [ours / bare for bare, ours in zip(*times.values(), strict=True)]
    print("| call | µs CPU | of requests |\n|---|--:|--:|")
    for name, own in times.items():
        ratio = 1.0 if name == "requests" else median(ratios)
        print(f"| {name} | {median(own):.0f} | {ratio:.2f} |")
    spread = f"{min(ratios):.2f} to {max(ratios):.2f}"
    verdict = "reached" if median(ratios) <= TARGET else "missed"
    print(f"\n{ROUNDS} rounds of {CALLS} calls; the ratio is {spread}.")
    print(f"At most {TARGET}: {verdict}, with {median(ratios):.2f}.")


def _bare(origin: str) -> Callable[[], object]:
    session = requests.Session()
    url = f"{origin}/wiki/rest/atlassian-connect/1/addons/app/properties/colour"
    headers = {"Authorization": f"JWT {'x' * 300}", "Accept": "application/json"}
    params = {"jsonValue": "true"}

    def call() -> object:
        answer = session.get(url, params=params, headers=headers, timeout=(5, 20))
        answer.raise_for_status()
        return answer.json()["value"]

    return call


def _ours(origin: str, site: Site) -> Callable[[], object]:
    tenant = find_tenant(site.client_key)
    if tenant is None:
        raise LookupError("the tenant is not installed")
    service = TenantService(replace(tenant, base_url=f"{origin}/wiki"))
    return lambda: service.properties.get("colour")


def _measure(call: Callable[[], object]) -> float:
    """Return the CPU time of a call, in microseconds."""
    begun = time.process_time()
    for _ in range(CALLS):
        if call() != {"name": "teal"}:
            raise ValueError("a wrong answer")
    return (time.process_time() - begun) / CALLS * 1e6


def _serve(listener: socket.socket) -> None:
    """Answer each request on each connection with the same bytes, one at a time."""
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=_answer, args=(connection,), daemon=True).start()


def _answer(connection: socket.socket) -> None:
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    while request := connection.recv(65_536):
        if request.endswith(b"\r\n\r\n"):
            connection.sendall(_ANSWER)


if __name__ == "__main__":
    sys.exit(main())
