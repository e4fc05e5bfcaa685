"""The products of Atlassian's cloud that this host can simulate.

Every route is declared here with its address in Confluence, below ``/wiki``. Another
product mounts the routes that it has below its own context path.
"""

from dataclasses import dataclass

# Confluence's context path, where the routes are declared.
CONTEXT_PATH = "/wiki"
# Below these, the host is the same for every product.
HOST_ROOTS = ("/devhost/", "/install-keys/", "/oauth2/")
PAGE_TYPES = frozenset(
    {"generalPages", "adminPages", "configurePage", "postInstallPage"}
)


@dataclass(frozen=True)
class Product:
    """A product that apps are installed in."""

    name: str
    """As in ``productType`` and on the command line."""
    title: str
    """As people see it."""
    context_path: str
    """The path of a site's base URL."""
    has_wiki: bool = True
    """Whether there are spaces and pages."""
    routes: frozenset[str] = frozenset()
    """The declared routes that it has, without ``/wiki``."""
    roots: tuple[str, ...] = ("/",)
    """Prefixes of further declared routes that it has."""
    accepted_prefixes: tuple[str, ...] = ()
    """Prefixes of module types that it accepts besides those of all products."""
    shown_modules: frozenset[str] | None = None
    """The module types that are shown; None for no restriction."""

    def mount(self, rule: str) -> str | None:
        """Return the address of a declared route, None if this product lacks it."""
        if not rule.startswith(CONTEXT_PATH + "/"):
            # At the root of the host there is no redirect to an existing site.
            return None if rule == "/" and not self.context_path else rule
        path = rule.removeprefix(CONTEXT_PATH)
        has_it = path in self.routes or path.startswith(self.roots)
        return self.context_path + path if has_it else None

    def declared(self, path: str) -> str:
        """Return the address in Confluence of a *path* of this product."""
        if path.startswith(HOST_ROOTS) or not path.startswith(self.context_path + "/"):
            return path
        return CONTEXT_PATH + path.removeprefix(self.context_path)

    def accepts(self, module_type: str) -> bool:
        """Whether a module type that is not described here belongs to this product."""
        return module_type.startswith(self.accepted_prefixes)

    def shows(self, module_type: str) -> bool:
        """Whether modules of this type can be seen here."""
        return self.shown_modules is None or module_type in self.shown_modules


CONFLUENCE = Product("confluence", "Confluence", CONTEXT_PATH)
JIRA = Product(
    "jira",
    "Jira",
    "",
    has_wiki=False,
    routes=frozenset({"/", "/home", "/admin", "/rest/", "/rest/<path:operation>"}),
    roots=(
        "/plugins/servlet/ac/",
        "/atlassian-connect/",
        "/rest/atlassian-connect/",
        "/rest/plugins/",
        "/rest/api/3/",
    ),
    accepted_prefixes=("jira", "serviceDesk"),
    shown_modules=PAGE_TYPES | {"webItems", "dialogs"},
)
PRODUCTS = {product.name: product for product in (CONFLUENCE, JIRA)}
