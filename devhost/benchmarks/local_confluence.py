"""The speed of the local Confluence, as seeded and with ten thousand more pages.

It measures the wall time of a request over a real socket, to a host in the same
process, so run it on an idle machine. Each response is checked. "Ready" is the time
from starting ``python -m devhost`` as a process to its first response that says it is
ready, with a new state file and with one that has the many pages.

The targets: ready in under 2 s, a page in under 100 ms, and ten thousand pages change
neither. Run it with ``make bench``.
"""

import argparse
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import quote

import jwt
import requests

from devhost.protocol.query_string_hash import query_string_hash
from devhost.server import LocalConfluence
from devhost.site.installations import Installation, Installations
from devhost.wiki import Wiki
from devhost.wiki.editor import NewContent
from devhost.wiki.records import Content

READY_SECONDS = 2.0
PAGE_MILLISECONDS = 100
SECTION = 100
"""The number of pages below one parent."""
APP = Installation(
    app_key="com.example.benchmark",
    client_key="benchmark",
    shared_secret="x" * 64,
    descriptor_url="http://127.0.0.1:1/atlassian-connect.json",
    descriptor={
        "key": "com.example.benchmark",
        "name": "Benchmark",
        "baseUrl": "http://127.0.0.1:1",
        "scopes": ["ADMIN"],
        "modules": {
            "generalPages": [
                {"key": "page", "name": {"value": "Page"}, "url": "/page"}
            ],
        },
    },
)
BODY = "<p>{}</p>" + "<p>The quick brown fox jumps over the lazy dog.</p>" * 20
CQL = quote('type = page and space = "DS" and text ~ "walrus"')
CASES = {
    "dashboard": "/",
    "space": "/spaces/DS",
    "page": "/spaces/DS/pages/{page}",
    "page with 100 children": "/spaces/DS/pages/{section}",
    "page module": "/plugins/servlet/ac/com.example.benchmark/page",
    "v1 list": "/rest/api/content?limit=25",
    "v1 list, far away": "/rest/api/content?limit=25&start={far}",
    "v1 page, expanded": "/rest/api/content/{page}?expand=body.storage,ancestors",
    "v1 search of a word": f"/rest/api/search?cql={CQL}",
    "v1 search of all": "/rest/api/search?cql=type%3Dpage",
    "v2 list": "/api/v2/pages?limit=25",
    "v2 list by title": "/api/v2/pages?limit=25&sort=title",
    "v2 newest of a space": "/api/v2/pages?space-id={space}&sort=-modified-date",
    "v2 page": "/api/v2/pages/{page}",
}


def add_pages(wiki: Wiki, count: int) -> None:
    """Add *count* pages to the first space."""
    author = wiki.app_viewer("557058:devhost-administrator")
    space = wiki.spaces.get(author, "DS")
    parent: Content | None = None
    with wiki.ledger.quiet():
        for number in range(count):
            if number % SECTION == 0:
                parent = None
            word = "walrus" if number % 1000 == 0 else "seal"
            body = BODY.format(f"Page {number} of the {word}")
            title = f"Bulk {number:05} {word}"
            new = NewContent("page", space, title, body, parent=parent)
            page = wiki.editor.create(author, new)
            wiki.labels.add(author, page, [("global", f"label-{number % 50}")])
            parent = parent or page


def measure(confluence: LocalConfluence, rounds: int) -> dict[str, float]:
    """Return the median milliseconds of every case."""
    site = confluence.site
    author = site.get(Wiki).app_viewer("557058:devhost-administrator")
    space = site.get(Wiki).spaces.get(author, "DS")
    everything = site.get(Wiki).contents.all(("page",))
    everything.where("content.space_id = ?", int(space.id))
    total = site.get(Wiki).contents.count(author, everything)
    pages = site.get(Wiki).contents.fetch(author, everything, limit=1, start=total // 2)
    values = {
        "page": pages[0].id,
        "section": pages[0].parent_id or pages[0].id,
        "space": space.id,
        "far": max(0, total - 30),
    }
    times: dict[str, list[float]] = {name: [] for name in CASES}
    with requests.Session() as session:
        for number in range(rounds + 1):
            for name, path in CASES.items():
                spent = visit(session, confluence, path.format(**values))
                if number:
                    times[name].append(spent)
    return {name: statistics.median(own) for name, own in times.items()}


def visit(session: requests.Session, confluence: LocalConfluence, path: str) -> float:
    """Return the milliseconds until the response, which must be successful."""
    now = int(time.time())
    claims = {
        "iss": APP.app_key,
        "iat": now,
        "exp": now + 180,
        "qsh": query_string_hash("GET", path, base_path=""),
    }
    token = jwt.encode(claims, APP.shared_secret, algorithm="HS256")
    begin = time.perf_counter()
    answer = session.get(
        confluence.base_url + path,
        headers={"Authorization": f"JWT {token}"},
        timeout=60,
    )
    spent = (time.perf_counter() - begin) * 1000
    if answer.status_code != 200:
        raise SystemExit(f"{path} answered {answer.status_code}: {answer.text[:300]}")
    return spent


def seconds_until_ready(state: Path) -> float:
    """Return the time from the start of the process until it is ready."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}/devhost/api/ready"
    command = [sys.executable, "-m", "devhost"]
    command += ["--port", str(port), "--state", str(state)]
    begin = time.perf_counter()
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        while process.poll() is None:
            try:
                if requests.get(url, timeout=60).ok:
                    return time.perf_counter() - begin
            except requests.ConnectionError:
                time.sleep(0.005)
        raise SystemExit(f"devhost ended with {process.returncode}")
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()


def table(small: dict[str, float], large: dict[str, float]) -> str:
    """Return a row for each case: milliseconds as seeded, with many pages, ratio."""
    lines = ["| case | seeded | many pages | ratio |", "|---|--:|--:|--:|"]
    for name, few in small.items():
        many = large[name]
        lines.append(f"| {name} | {few:.1f} | {many:.1f} | {many / few:.2f} |")
    return "\n".join(lines)


def _measure_state(path: Path, rounds: int, *, pages: int) -> dict[str, float]:
    with LocalConfluence(state=path) as confluence:
        confluence.site.get(Installations).save(APP)
        add_pages(confluence.site.get(Wiki), pages)
        return measure(confluence, rounds)


def main() -> int:
    """Run the benchmark and print its table."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.local_confluence",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--pages", type=int, default=10_000, metavar="N")
    parser.add_argument("--rounds", type=int, default=15, metavar="N")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        few, many = Path(name) / "few.sqlite3", Path(name) / "many.sqlite3"
        small = _measure_state(few, options.rounds, pages=0)
        large = _measure_state(many, options.rounds, pages=options.pages)
        new = seconds_until_ready(Path(name) / "new.sqlite3")
        old = seconds_until_ready(many)
    print(
        f"Milliseconds, median of {options.rounds}; {options.pages} pages more\n\n"
        f"{table(small, large)}\n\nReady: {new:.2f} s on a new state file, "
        f"{old:.2f} s on the one with many pages"
    )
    slowest = max(large, key=large.__getitem__)
    for target, reached in (
        (f"a page in under {PAGE_MILLISECONDS} ms", large[slowest] < PAGE_MILLISECONDS),
        (f"ready in under {READY_SECONDS} s", max(new, old) < READY_SECONDS),
    ):
        print(f"- {target}: {'reached' if reached else 'missed'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
