"""The situation that a condition is evaluated in: site, person and place."""

from dataclasses import dataclass
from functools import cached_property

from devhost.modules.places import Place, context_variables
from devhost.site import Site
from devhost.site.installations import Installation
from devhost.site.users import User
from devhost.wiki import Wiki
from devhost.wiki.access import Role, Viewer
from devhost.wiki.records import Content, Space

Params = dict[str, object]


@dataclass(frozen=True)
class Situation:
    """A person looking at a module in its place; the current user by default."""

    site: Site
    place: Place
    person: User | None = None

    @property
    def app(self) -> Installation:
        """The app that the module belongs to."""
        return self.place.module.app

    @property
    def user(self) -> User:
        """The person that the conditions are about."""
        return self.person or self.site.user

    @property
    def content(self) -> Content | None:
        """The page or blog post that is being viewed."""
        return self.place.content

    @property
    def space(self) -> Space | None:
        """The space that is being viewed."""
        return self.place.space

    @cached_property
    def viewer(self) -> Viewer:
        """The person's permissions."""
        return self.site.get(Wiki).viewer(self.user)

    @cached_property
    def variables(self) -> dict[str, str]:
        """The context variables of the place."""
        return context_variables(self.place)

    def may(self, role: Role) -> bool:
        """Whether the person has this role in the space of the place."""
        return self.space is not None and self.viewer.may(role, self.space)


def text(params: Params, name: str) -> str:
    """Return a parameter as Connect reads it: every parameter is a string."""
    value = params.get(name, "")
    if isinstance(value, bool):
        return str(value).lower()
    return str(value)
