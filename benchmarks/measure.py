"""The measurements: servers take turns under the same load."""

import json
import os
import platform
import subprocess
import sys
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .load import run_wrk
from .process import Server
from .servers.commands import (
    UnavailableError,
    granian,
    gunicorn,
    install_express,
    new_postgresql,
)
from .servers.floor import ACCOUNT_ID, CLIENT_KEY
from .tenants import (
    Request,
    Site,
    add_cold_tenants,
    by_header,
    by_url,
    forgeries,
    install,
    new_environment,
    new_site,
    write_requests,
)

JSON = ("header", "iframe")
KINDS = (*JSON, "page")
VISITS = 5000
WARM_UP_SECONDS = 3
CHECKED = 20
"""How many answers are compared with what the token says."""


class WrongAnswerError(Exception):
    """A server gave a wrong answer, so measuring it is pointless."""


@dataclass(frozen=True)
class Extent:
    """How much is measured."""

    rounds: int
    seconds: int
    """For each server and kind of request in each round."""
    tenants: int
    million: int
    starts: int


class Bench:
    """One run, in a temporary folder."""

    def __init__(self, folder: Path, extent: Extent) -> None:
        self._folder = folder
        self._extent = extent
        self._sites = [new_site(number) for number in range(extent.tenants)]
        self._environment = self._new_app("tenants", self._sites)
        self._requests = self._sign(self._sites)
        self._files = {
            kind: write_requests(folder / f"{kind}.txt", requests)
            for kind, requests in self._requests.items()
        }

    def run(self) -> dict[str, Any]:
        """Measure everything; return the figures for :mod:`.report`."""
        return {
            "machine": _machine(),
            "extent": vars(self._extent),
            "load": self._compare_servers(),
            "tenants": self._compare_tenants(),
            "start": self._compare_starts(),
            "skipped": self._skipped,
        }

    def _compare_servers(self) -> dict[str, Any]:
        self._skipped: list[str] = []
        with ExitStack() as stack:
            servers = {
                "bare": self._start("floor", gunicorn("floor")),
                "ours": self._start("ours", gunicorn("ours")),
                "bare fast": self._start("floor", granian("floor")),
                "ours fast": self._start("ours", granian("ours")),
                "ours uncached": self._start(
                    "ours",
                    gunicorn("ours"),
                    {**self._environment, "CONNECT_TENANT_CACHE_SECONDS": "0"},
                ),
            }
            for name, database in (("SQLite", None), ("PostgreSQL", "postgresql")):
                try:
                    url = database and stack.enter_context(new_postgresql("ace"))
                    servers[f"express {name}"] = self._express(url)
                    if database:
                        own = stack.enter_context(new_postgresql("ours"))
                        environment = self._new_app("postgresql", self._sites, own)
                        servers["ours PostgreSQL"] = self._start(
                            "ours", gunicorn("ours"), environment
                        )
                except UnavailableError as error:
                    self._skipped.append(f"{name}: {error}")
                    _say(f"skipped {name}: {error}")
            for name, server in servers.items():
                stack.enter_context(server)
                self._check(name, server)
            return self._take_turns(
                servers,
                {name: JSON if "express" in name else KINDS for name in servers},
                dict.fromkeys(servers, self._files),
            )

    def _compare_tenants(self) -> dict[str, Any]:
        """Compare one tenant with a million, and see whether memory stays bounded."""
        one = [new_site(0)]
        single = self._new_app("one", one)
        file = write_requests(self._folder / "one.txt", self._sign(one)["header"])
        many = self._new_app("million", self._sites)
        _say(f"storing {self._extent.million} tenants")
        add_cold_tenants(many, self._extent.million - self._extent.tenants)
        servers = {
            "one": self._start("ours", gunicorn("ours"), single),
            "million": self._start("ours", gunicorn("ours"), many),
        }
        files = {"one": {"header": file}, "million": self._files}
        with servers["one"], servers["million"]:
            for server in servers.values():
                server.first_get("/healthz")
            load = self._take_turns(servers, dict.fromkeys(servers, ("header",)), files)
            memory = {name: own.worker_megabytes() for name, own in servers.items()}
        return {"load": load, "memory": memory}

    def _compare_starts(self) -> dict[str, Any]:
        """Compare the time to the first answer, and the memory after many."""
        figures: dict[str, Any] = {}
        for _ in range(self._extent.starts):
            for name, module in (("bare", "extensions"), ("ours", "ours")):
                request = self._requests["iframe"][0]
                server = self._start(module, gunicorn(module))
                began = time.monotonic()
                with server:
                    server.first_get(request.target, request.token)
                    seconds = time.monotonic() - began
                    run_wrk(server.port, self._files["iframe"], 1)
                    own = figures.setdefault(name, {"seconds": [], "megabytes": []})
                    own["seconds"].append(seconds)
                    own["megabytes"].append(server.worker_megabytes())
        return figures

    def _take_turns(
        self,
        servers: dict[str, Server],
        kinds: dict[str, tuple[str, ...]],
        files: dict[str, dict[str, Path]],
    ) -> dict[str, Any]:
        for name, server in servers.items():
            _say(f"warming up {name}")
            for kind in kinds[name]:
                run_wrk(server.port, files[name][kind], WARM_UP_SECONDS)
        figures: dict[str, Any] = {name: {} for name in servers}
        names = list(servers)
        for number in range(self._extent.rounds):
            _say(f"round {number + 1} of {self._extent.rounds}")
            first = number % len(names)
            for kind in KINDS:
                for name in names[first:] + names[:first]:
                    if kind not in kinds[name]:
                        continue
                    server = servers[name]
                    before = server.cpu_seconds()
                    load = run_wrk(server.port, files[name][kind], self._extent.seconds)
                    cpu = (server.cpu_seconds() - before) / load.requests
                    own = figures[name].setdefault(
                        kind, {"cpu": [], "rate": [], "p99": []}
                    )
                    own["cpu"].append(cpu * 1e6)
                    own["rate"].append(load.requests / load.seconds)
                    own["p99"].append(load.p99)
        for name, server in servers.items():
            figures[name]["megabytes"] = server.worker_megabytes()
        return figures

    def _check(self, name: str, server: Server) -> None:
        """Check that a server answers for the right tenant and refuses the rest."""
        server.first_get("/benchmark")
        header, iframe = self._requests["header"], self._requests["iframe"]
        for request in header[:CHECKED] + iframe[:CHECKED]:
            status, body = server.get(request.target, request.token)
            right = {"clientKey": request.client_key, "accountId": request.account_id}
            if name.startswith("bare"):
                right = {"clientKey": CLIENT_KEY, "accountId": ACCOUNT_ID}
            if status != 200 or json.loads(body) != right:
                raise WrongAnswerError(f"{name}: {status}, or another tenant")
        # atlassian-connect-express says 400 to some of them.
        expected = (200,) if name.startswith("bare") else (400, 401)
        for what, target in forgeries(self._sites[0]).items():
            status, _ = server.get(target)
            if status not in expected:
                raise WrongAnswerError(f"{name}: {status} to a request {what}")

    def _new_app(
        self, name: str, sites: list[Site], url: str | None = None
    ) -> dict[str, str]:
        _say(f"installing {len(sites)} tenants")
        environment = new_environment(url or f"sqlite:///{self._folder / name}.sqlite3")
        install(environment, sites)
        return environment

    def _sign(self, sites: list[Site]) -> dict[str, list[Request]]:
        # With a prime step, the order of the tenants does not favour a cache.
        order = [(sites[n * 7919 % len(sites)], n) for n in range(VISITS)]
        return {
            "header": [by_header(*visit) for visit in order],
            "iframe": [by_url("/benchmark", *visit) for visit in order],
            "page": [by_url("/overview", *visit) for visit in order],
        }

    def _start(
        self, name: str, command: list[str], environment: dict[str, str] | None = None
    ) -> Server:
        log = self._folder / f"{name}-{time.monotonic_ns()}.log"
        return Server(name, command, environment or self._environment, log)

    def _express(self, database_url: str | None) -> Server:
        """Return npm's framework in a cluster, with the same tenants in its store."""
        folder = install_express()
        sites = [(key, secret, f"{url}/wiki") for key, secret, url in self._sites]
        (self._folder / "sites.json").write_text(json.dumps(sites))
        store = {"DB_FILE": str(self._folder / "express.sqlite3")}
        if database_url:
            store = {"DB_URL": database_url.replace("+psycopg", "")}
        environment = {**store, "NODE_ENV": "production"}
        seed = {**environment, "SITES": str(self._folder / "sites.json")}
        subprocess.run(
            ["node", "app.js"], cwd=folder, env={**os.environ, **seed}, check=True
        )
        log = self._folder / f"express-{time.monotonic_ns()}.log"
        return Server("express", ["node", "app.js"], environment, log, folder)


def _machine() -> dict[str, str]:
    models = [
        line.partition(":")[2].strip()
        for line in Path("/proc/cpuinfo").read_text().splitlines()
        if line.startswith("model name")
    ]
    return {
        "cores": str(os.cpu_count()),
        "model": models[0] if models else platform.machine(),
        "python": platform.python_version(),
        "load": f"{os.getloadavg()[0]:.1f}",
    }


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
