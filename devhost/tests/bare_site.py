"""A site without sockets, and a module of an app in one of its places."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from devhost.modules.conditions.evaluate import conditions_hold
from devhost.modules.module import Module
from devhost.modules.places import Place
from devhost.site import Site
from devhost.site.installations import Installation, Installations
from devhost.site.products import CONFLUENCE, Product
from devhost.site.state import State
from devhost.site.users import USERS
from devhost.wiki import Wiki, reading
from tests.fake_app import APP_KEY

BASE_URL = "http://127.0.0.1:9"


@contextmanager
def open_site(product: Product = CONFLUENCE) -> Iterator[Site]:
    """Open a seeded site with one app, which does not run."""
    state = State()
    site = Site(state, port=9, product=product)
    site.get(Wiki)
    site.get(Installations).save(
        Installation(
            app_key=APP_KEY,
            client_key="client-key",
            shared_secret="a-secret-of-at-least-thirty-two-bytes",
            descriptor_url=f"{BASE_URL}/atlassian-connect.json",
            descriptor={"key": APP_KEY, "baseUrl": BASE_URL},
        )
    )
    try:
        yield site
    finally:
        state.close()


def place(
    site: Site,
    *,
    content: str = "",
    space: str = "",
    type: str = "webItems",
    **definition: Any,
) -> Place:
    """Return a module on a content, in a space, or in neither."""
    app = site.get(Installations).find_enabled(APP_KEY)
    assert app
    found = reading.find_content(site, content) if content else None
    in_space = reading.find_space(site, space) if space else None
    assert bool(content) is (found is not None)
    assert bool(space) is (in_space is not None)
    return Place(Module(app, type, {"key": "it", **definition}), found, in_space)


def holds(
    site: Site,
    *conditions: Any,
    content: str = "",
    space: str = "",
    user: str = "admin",
) -> bool:
    """Evaluate conditions for a user on a content, in a space, or in neither."""
    site.switch_user(USERS[user])
    where = place(site, content=content, space=space, conditions=list(conditions))
    judged = conditions_hold(site, where.module, where)
    assert conditions_hold(site, list(conditions), where) is judged
    return judged
