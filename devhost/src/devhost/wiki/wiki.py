"""The wiki of a site: everything that people and apps read and write."""

from typing import Self

from devhost.site import Site
from devhost.site.app_data import DynamicModules
from devhost.site.installations import Installations
from devhost.site.state import State
from devhost.wiki import schema
from devhost.wiki.custom_types import declared_types
from devhost.wiki.parts import WikiParts
from devhost.wiki.seed import seed


class Wiki(WikiParts):
    """The wiki in one state file; if the file has no wiki yet, it is seeded."""

    def __init__(self, state: State) -> None:
        super().__init__(state)
        with state.transaction() as sql:
            schema.create(sql)
            if sql.execute("SELECT 1 FROM user_group").fetchone() is None:
                seed(self)

    @classmethod
    def of_site(cls, site: Site) -> Self:
        """Return the wiki of *site*, with the content types of its apps."""
        wiki = cls(site.state)
        wiki.custom.types = lambda: declared_types(
            site.get(Installations), site.get(DynamicModules)
        )
        return wiki

    def reset(self) -> None:
        """Forget everything, and seed the wiki again."""
        with self._state.transaction() as sql:
            schema.empty(sql)
            seed(self)
