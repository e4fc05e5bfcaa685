"""A reset: afterwards the host is like a fresh one."""

import sqlite3
from pathlib import Path
from typing import Any

import pytest
import requests

from devhost.faults.switches import Faults
from devhost.install.further_sites import FurtherSites
from devhost.install.license import Licenses
from devhost.install.lifecycle import install
from devhost.server import LocalConfluence
from devhost.site.app_data import AppProperties, DynamicModules
from devhost.site.installations import Installations
from devhost.site.site import KEY_SETTINGS, Site
from devhost.site.state import State
from devhost.site.users import ANONYMOUS
from devhost.wiki import Wiki
from devhost.wiki.editor import NewContent
from tests.fake_app import APP_KEY, FakeApp, serve_app, sign

# The site itself, as opposed to what happened to it.
IDENTITY = {"product", "state", "port", "name", "key_id", "private_key"}
PLAIN = (str, int, bool, type(None))


def rows_of(state: State) -> dict[str, list[tuple[Any, ...]]]:
    """Return every row of every table except the key, which a reset keeps."""
    with state.transaction() as sql:
        tables = sql.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name"
        ).fetchall()
        rows = {}
        for (name,) in tables:
            found = sql.execute(f"SELECT * FROM {name}")  # noqa: S608 - a table's name
            rows[name] = [tuple(row) for row in found]
    rows["setting"] = [row for row in rows["setting"] if row[0] not in KEY_SETTINGS]
    return rows


def plain_attributes(site: Site) -> dict[str, Any]:
    return {name: value for name, value in vars(site).items() if type(value) in PLAIN}


def use(confluence: LocalConfluence, app: FakeApp) -> None:
    """Change everything that can be changed."""
    site = confluence.site
    install(site, app.descriptor_url)
    site.switch_user(ANONYMOUS)
    site.set_names("127.0.0.1", "localhost")
    site.get(Licenses).switch(APP_KEY, "expired")
    site.get(AppProperties).set(APP_KEY, "x", "1", limit=9)
    site.get(DynamicModules).register(APP_KEY, {"webItems": [{"key": "one"}]})
    confluence.faults.clock_skew(seconds=600)
    confluence.faults.server_error()
    site.get(FurtherSites).start(with_apps=False)
    site.page_to_open = "somewhere"
    author = site.get(Wiki).app_viewer("557058:devhost-administrator")
    space = site.get(Wiki).spaces.get(author, "DS")
    site.get(Wiki).editor.create(author, NewContent("page", space, "New", "<p/>"))
    assert site.session_token and site.cloud_id


@pytest.fixture
def used(confluence: LocalConfluence, app: FakeApp) -> LocalConfluence:
    use(confluence, app)
    return confluence


def test_a_reset_leaves_nothing_in_any_table(used: LocalConfluence) -> None:
    assert rows_of(used.site.state)["installation"]
    used.reset()
    with LocalConfluence() as fresh:
        expected = rows_of(fresh.site.state)
    assert rows_of(used.site.state) == expected


def test_a_reset_leaves_nothing_in_memory(used: LocalConfluence) -> None:
    before = dict(vars(used.site))
    used.reset()
    after = vars(used.site)
    kept = {
        name
        for name, value in after.items()
        if name in before and type(value) not in PLAIN and before[name] is value
    }
    assert kept <= IDENTITY
    with LocalConfluence() as fresh:
        identity = dict.fromkeys(["port", "key_id"])
        expected = plain_attributes(fresh.site) | identity
    assert plain_attributes(used.site) | identity == expected
    assert used.site.siblings == [used.site]
    assert used.exchanges.all() == []
    assert used.faults.on() == {}


def test_a_reset_host_installs_and_answers_as_before(
    used: LocalConfluence, app: FakeApp
) -> None:
    address = used.base_url.replace("127.0.0.1", "localhost")
    first = used.site.get(Installations).find(APP_KEY)
    used.reset()
    assert used.base_url == address
    second = install(used.site, app.descriptor_url)
    assert first is not None and second.client_key != first.client_key
    token = sign(app, "GET", "/rest/api/space")
    answer = requests.get(
        f"{used.base_url}/rest/api/space",
        headers={"Authorization": f"JWT {token}"},
        timeout=10,
    )
    assert answer.status_code == 200
    assert used.exchanges.find("GET", "/rest/api/space", status=200)


def test_a_reset_keeps_the_key_of_install_callbacks(used: LocalConfluence) -> None:
    before = used.site.public_key_pem
    used.reset()
    assert used.site.public_key_pem == before
    url = f"{used.origin}/install-keys/{used.site.key_id}"
    assert requests.get(url, timeout=10).text == before


def test_a_reset_state_file_is_fresh_after_the_process(tmp_path: Path) -> None:
    file = tmp_path / "state.sqlite3"
    with LocalConfluence(state=file) as first, serve_app(first) as app:
        use(first, app)
        first.reset()
        pem = first.site.public_key_pem
    with LocalConfluence(state=file) as second:
        assert second.site.get(Installations).all() == []
        assert second.site.public_key_pem == pem


def test_a_request_ends_at_the_site_where_it_began(used: LocalConfluence) -> None:
    used.faults.switch_off()
    log = used.exchanges
    original = used.site.get(Faults).striking

    def striking(method: str, path: str) -> Any:
        used.reset()
        return original(method, path)

    used.site.get(Faults).striking = striking  # type: ignore[method-assign]  # It wraps the original.
    requests.get(f"{used.base_url}/rest/api/space", timeout=10)
    assert log.find("GET", "/rest/api/space")
    assert used.exchanges.all() == []


def test_tables_of_later_parts_are_emptied_too(
    confluence: LocalConfluence,
) -> None:
    confluence.reset()
    with confluence.site.state.transaction() as sql:
        sql.execute("CREATE TABLE later (x)")
        sql.execute("INSERT INTO later VALUES (1)")
    confluence.reset()
    with (
        confluence.site.state.transaction() as sql,
        pytest.raises(sqlite3.OperationalError, match="no such table"),
    ):
        sql.execute("SELECT * FROM later")


def test_a_reset_repairs_what_a_test_broke(confluence: LocalConfluence) -> None:
    confluence.reset()
    before = confluence.site.public_key_pem
    confluence.site.__dict__["private_key"] = "not a key"
    confluence.reset()
    assert confluence.site.public_key_pem == before
