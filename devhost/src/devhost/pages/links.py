"""Links that open a module: its page, or a dialog of the bridge."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from devhost.descriptor.module_rules import is_relative
from devhost.modules.iframes import filled_url
from devhost.modules.module import LINK_TYPES, Module, text_of
from devhost.modules.places import Place, context_variables
from devhost.site.current import current_site

# The classes that connect-host.js listens to, by the type of a target.
TARGET_CLASSES = {
    "dialog": "ap-dialog",
    "dialogmodule": "ap-dialog",
    "inlinedialog": "ap-inline-dialog",
}
CONTEXT_PARAMETERS = ("content.id", "space.key")
CONTEXT_PREFIXES = ("{content.", "{page.", "{space.")
SAFE_SCHEMES = ("http://", "https://", "mailto:")
MOST_ICON_PIXELS = 48


@dataclass(frozen=True)
class Icon:
    """An image of the app; its size is in pixels."""

    url: str
    size: int


@dataclass(frozen=True)
class Link:
    """The link that a page shows for a module."""

    module: Module
    label: str
    href: str
    classes: str = ""
    tooltip: str = ""
    icon: Icon | None = None

    @property
    def opens_dialog(self) -> bool:
        """Whether the bridge opens it, instead of the browser."""
        return "ap-dialog" in self.classes or "ap-inline-dialog" in self.classes


def link_of(place: Place, appearance: dict[str, Any] | None = None) -> Link:
    """Return the link to the module of *place*.

    *appearance* replaces the module's own name, icon and tooltip.
    """
    module = place.module
    look = module.definition if appearance is None else appearance
    dialog = dialog_classes(module)
    styles = module.definition.get("styleClasses")
    own = [str(each) for each in styles] if isinstance(styles, list) else []
    return Link(
        module,
        label=text_of(look.get("name")) or module.title,
        href=_page_address(module) if dialog else _address(place),
        classes=" ".join([*dialog, *own]),
        tooltip=text_of(look.get("tooltip")),
        icon=icon_of(module, look.get("icon")),
    )


def takes_context(module: Module) -> bool:
    """Whether a link to the module's page passes on the content and the space.

    Only a URL that asks for them gets them, as in Confluence. Assumed: so do the
    conditions of a web item, which would fail on a page without them.
    """
    asks = any(each in module.url for each in CONTEXT_PREFIXES)
    is_judged = module.type in LINK_TYPES and "conditions" in module.definition
    return asks or is_judged or module.type == "spaceToolsTabs"


def target_type(module: Module) -> str:
    """Return how the module opens: page, dialog, dialogmodule or inlinedialog."""
    target = module.definition.get("target")
    kind = target.get("type") if isinstance(target, dict) else None
    return str(kind or "page").lower()


def dialog_classes(module: Module) -> list[str]:
    """Return the classes of a link that the bridge opens; none for a plain link."""
    if module.type == "dialogs":
        return _classes("ap-dialog", module, module.key, target=module.key)
    kind = target_type(module)
    if kind not in TARGET_CLASSES:
        return []
    key, target = module.key, ""
    if kind == "dialogmodule":
        options = module.definition["target"].get("options")
        target = str(options.get("key", "")) if isinstance(options, dict) else ""
        key = target or key
    return _classes(TARGET_CLASSES[kind], module, key, target=target)


def _classes(kind: str, module: Module, key: str, *, target: str = "") -> list[str]:
    classes = [
        kind,
        f"ap-plugin-key-{module.app.app_key}",
        f"ap-module-key-{key}",
    ]
    return [*classes, f"ap-target-key-{target}"] if target else classes


def _page_address(module: Module) -> str:
    # No fragment, because the bridge would read it as its own options.
    key = quote(module.key, safe="")
    return f"{module.context_path}/plugins/servlet/ac/{module.app.app_key}/{key}"


def _address(place: Place) -> str:
    module = place.module
    if module.type in {"webItems", "contentBylineItems"} and not module.is_page:
        return _declared_address(place)
    address = module.address
    parameters = _context_parameters(place)
    return f"{address}?{urlencode(parameters)}" if parameters else address


def _context_parameters(place: Place) -> dict[str, str]:
    if not takes_context(place.module):
        return {}
    variables = context_variables(place)
    return {name: variables[name] for name in CONTEXT_PARAMETERS if variables.get(name)}


def _declared_address(place: Place) -> str:
    module = place.module
    url = filled_url(current_site(), place)
    if not is_relative(module.url):
        return url if url.lower().startswith(SAFE_SCHEMES) else "#"
    context = str(module.definition.get("context", "addon")).lower()
    if context == "page":
        key = quote(module.url, safe="")
        return f"{module.context_path}/plugins/servlet/ac/{module.app.app_key}/{key}"
    path = "/" + url.lstrip("/")
    root = module.context_path
    return path if path.startswith(f"{root}/") else root + path


def icon_of(module: Module, icon: Any) -> Icon | None:
    """Return an icon that a module declares, None if it is not an icon."""
    url = icon.get("url") if isinstance(icon, dict) else None
    if not isinstance(url, str) or not url:
        return None
    if is_relative(url):
        url = f"{module.app.base_url}/{url.lstrip('/')}"
    elif not url.startswith(("http://", "https://")):
        return None
    width = icon.get("width")
    size = width if isinstance(width, int) and 0 < width <= MOST_ICON_PIXELS else 16
    return Icon(url, size)
