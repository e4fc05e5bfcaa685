"""Where the time of a request goes: the app and bare Flask called in one process.

``python -m benchmarks.in_process`` prints the microseconds of CPU that a request takes
without a web server, and those of its parts: the least of many batches, which other
programs change little.
"""

import gc
import io
import os
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from typing import Any

from .process import ROOT
from .tenants import Request, by_header, by_url, install, new_environment, new_site

BATCHES = 40
REQUESTS = 300
SITES = 20


def prepare(folder: str) -> tuple[dict[str, str], dict[str, list[Request]]]:
    """Install tenants; return the settings, and signed requests by their kind."""
    environment = new_environment(f"sqlite:///{folder}/tenants.sqlite3")
    sites = [new_site(number) for number in range(SITES)]
    install(environment, sites)
    visits = [(sites[number % SITES], number) for number in range(REQUESTS)]
    return environment, {
        "header": [by_header(*visit) for visit in visits],
        "iframe": [by_url("/benchmark", *visit) for visit in visits],
        "page": [by_url("/overview", *visit) for visit in visits],
    }


def environ_of(request: Request) -> dict[str, Any]:
    """Return the WSGI environment that gunicorn would make of *request*."""
    path, _, query = request.target.partition("?")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": "GET",
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "RAW_URI": request.target,
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "8080",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": "app.example.com",
        "HTTP_ACCEPT": "text/html,application/xhtml+xml,*/*;q=0.8",
        "HTTP_ACCEPT_LANGUAGE": "en-US,en;q=0.9",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    if request.token:
        environ["HTTP_AUTHORIZATION"] = f"JWT {request.token}"
    return environ


def answer(app: Any, environs: list[dict[str, Any]]) -> None:
    """Call *app* with each of *environs*; all must be answered 200."""

    def start(status: str, _headers: object, _exc_info: object = None) -> None:
        assert status.startswith("200"), status  # noqa: S101 - a wrong answer makes the figures useless

    for environ in environs:
        body = app(environ, start)
        for _ in body:
            pass
        body.close()


def least(run: Callable[[], object], times: int) -> float:
    """Return the microseconds of CPU of *run* in the fastest of some batches."""
    best = float("inf")
    for _ in range(BATCHES):
        began = time.thread_time()
        for _ in range(times):
            run()
        best = min(best, (time.thread_time() - began) / times * 1e6)
    return best


def whole(requests: dict[str, list[Request]], apps: dict[str, Any]) -> None:
    """Print what each kind of request takes."""
    print("| Request | bare Flask, µs | this app, µs | more |\n|---|--:|--:|--:|")
    for kind, own in requests.items():
        best = dict.fromkeys(apps, float("inf"))
        for _ in range(BATCHES):
            for name, app in apps.items():
                environs = [environ_of(request) for request in own]
                began = time.thread_time()
                answer(app, environs)
                spent = (time.thread_time() - began) / len(own) * 1e6
                best[name] = min(best[name], spent)
        floor, ours = best.values()
        print(f"| {kind} | {floor:.0f} | {ours:.0f} | {ours - floor:.0f} |")


def parts(request: Request, app: Any) -> None:
    """Print what the parts of a verified iframe URL take."""
    import flask

    from app.connect import current_account_id, current_tenant
    from app.connect.http.locale import language
    from app.connect.http.security_headers import SecurityHeaders
    from app.connect.inbound import request_token, verify
    from app.connect.protocol import tokens, unverified_token
    from app.connect.tenants.state import get_state

    with app.request_context(environ_of(request)):
        current = flask.request._get_current_object()  # type: ignore[attr-defined]  # It is a proxy.
        connect = get_state()
        verify.verify_host_token(current, connect)
        text = request_token.get_token(current)
        token = unverified_token.read_unverified_token(text)
        credentials = connect.tenants.cached_credentials(request.client_key)
        assert credentials is not None  # noqa: S101 - it was just used
        secrets = credentials.accepted_secrets()

        def started(*_: object) -> Callable[[bytes], object]:
            return print

        def headers(environ: Any, start: Any) -> list[bytes]:
            start("200 OK", [("Content-Type", "a"), ("Content-Length", "1")])
            return []

        with_headers = SecurityHeaders(headers, app.config["CONNECT_ALL_JS_URL"])
        measured: dict[str, Callable[[], object]] = {
            "verification": lambda: verify.verify_host_token(current, connect),
            "of it: find the token": lambda: request_token.get_token(current),
            "of it: parse it": lambda: unverified_token.read_unverified_token(text),
            "of it: tenant from the cache": lambda: connect.tenants.cached_credentials(
                request.client_key
            ),
            "of it: signature and claims": lambda: tokens.decode_symmetric(
                token, shared_secrets=secrets, leeway=30
            ),
            "of it: qsh": lambda: request_token.is_for_this_request(
                token.claims, current, connect.base_url
            ),
            "JSON answer with proxies": lambda: flask.jsonify(
                clientKey=current_tenant.client_key, accountId=current_account_id
            ),
            "the same without proxies": lambda: flask.jsonify(
                clientKey=request.client_key, accountId=request.account_id
            ),
            "security headers": lambda: with_headers(current.environ, started),
            "language of a page, known": language,
            "tenant from the database": lambda: connect.tenants.load_credentials(
                request.client_key
            ),
        }
        print("\n| Part | µs |\n|---|--:|")
        for name, run in measured.items():
            print(f"| {name} | {least(run, 100):.1f} |")


def main() -> None:
    """Measure and print."""
    os.chdir(ROOT)
    with tempfile.TemporaryDirectory() as folder:
        # In another process: the app of the tests has webhook handlers of its own.
        with ProcessPoolExecutor(1) as executor:
            environment, requests = executor.submit(prepare, folder).result()
        os.environ.update(environment)
        from .servers import floor, ours

        gc.freeze()
        whole(requests, {"bare": floor.app, "ours": ours.app})
        parts(requests["iframe"][0], ours.app)


if __name__ == "__main__":
    main()
