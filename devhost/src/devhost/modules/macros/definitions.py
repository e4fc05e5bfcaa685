"""The macros that an app declares.

A macro's name in storage format is the key of its module, or one of its aliases.
"""

from dataclasses import dataclass, field
from typing import Any

from devhost.modules.module import MACRO_TYPE, STATIC_MACRO_TYPE, Module, all_modules
from devhost.site import Site

BODY_TYPES = ("none", "plain-text", "rich-text")


@dataclass(frozen=True)
class Parameter:
    """One parameter of a macro, for the form of the macro browser."""

    identifier: str
    name: str
    type: str = "string"
    description: str = ""
    default: str = ""
    is_required: bool = False
    is_multiple: bool = False
    is_hidden: bool = False
    values: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True)
class MacroDefinition:
    """A macro module of an installed app."""

    module: Module
    parameters: tuple[Parameter, ...] = field(default=())

    @property
    def name(self) -> str:
        """The name in storage format."""
        return self.module.key

    @property
    def is_static(self) -> bool:
        """Whether the host asks the app for the output, instead of an iframe."""
        return self.module.type == STATIC_MACRO_TYPE

    @property
    def description(self) -> str:
        """Its description in the macro browser."""
        return text_of(self.module.definition.get("description"))

    @property
    def body_type(self) -> str:
        """``none``, ``plain-text`` or ``rich-text``."""
        declared = _word(self.module.definition, "bodyType")
        # If there are several bodies, only the first is kept here.
        declared = declared.removeprefix("multi-body-")
        return declared if declared in BODY_TYPES else "none"

    @property
    def is_inline(self) -> bool:
        """Whether it stands within a line of text."""
        return _word(self.module.definition, "outputType") == "inline"

    @property
    def is_hidden(self) -> bool:
        """Whether the macro browser hides it."""
        return self.module.definition.get("hidden") is True

    @property
    def is_featured(self) -> bool:
        """Whether the macro browser lists it first."""
        return self.module.definition.get("featured") is True

    @property
    def aliases(self) -> tuple[str, ...]:
        """Its other names in storage format."""
        return _texts(self.module.definition.get("aliases"))

    @property
    def categories(self) -> tuple[str, ...]:
        """Its groups in the macro browser."""
        return _texts(self.module.definition.get("categories"))

    def export_module(self) -> Module | None:
        """Return the static macro that replaces this one where there is no iframe.

        That is the ``default`` of the ``renderModes``, or else the first of them.
        """
        modes = self.module.definition.get("renderModes")
        every = modes if isinstance(modes, dict) else {}
        for mode in [every.get("default"), *every.values()]:
            embedded = _embedded(mode)
            if isinstance(embedded.get("url"), str):
                definition = {**embedded, "key": self.name}
                return Module(self.module.app, STATIC_MACRO_TYPE, definition)
        return None

    def defaults(self) -> dict[str, str]:
        """Return the parameters that have a default value."""
        return {
            each.identifier: each.default for each in self.parameters if each.default
        }


def _embedded(mode: Any) -> dict[str, Any]:
    declared = mode.get("embeddedStaticContentMacro") if isinstance(mode, dict) else {}
    return declared if isinstance(declared, dict) else {}


def definition_of(module: Module) -> MacroDefinition:
    """Return the declaration of a macro module, without malformed parts."""
    declared = module.definition.get("parameters")
    every = declared if isinstance(declared, list) else []
    found = [each for each in map(_parameter, every) if each is not None]
    return MacroDefinition(module, tuple(found))


def _parameter(declared: Any) -> Parameter | None:
    if not isinstance(declared, dict) or not isinstance(
        declared.get("identifier"), str
    ):
        return None
    identifier = declared["identifier"]
    default = declared.get("defaultValue")
    return Parameter(
        identifier=identifier,
        name=text_of(declared.get("name")) or identifier,
        type=_word(declared, "type") or "string",
        description=text_of(declared.get("description")),
        default=default if isinstance(default, str) else "",
        is_required=declared.get("required") is True,
        is_multiple=declared.get("multiple") is True,
        is_hidden=declared.get("hidden") is True,
        values=_texts(declared.get("values")),
        aliases=_texts(declared.get("aliases")),
    )


def all_macros(site: Site) -> list[MacroDefinition]:
    """Return the macros of every enabled app; none on a product without a wiki."""
    modules = all_modules(site) if site.product.has_wiki else []
    return [
        definition_of(module)
        for module in modules
        if module.type in {MACRO_TYPE, STATIC_MACRO_TYPE} and module.key and module.url
    ]


def macro_named(
    definitions: list[MacroDefinition], name: str
) -> MacroDefinition | None:
    """Return the macro with this name in storage format; a key before an alias."""
    for each in definitions:
        if each.name == name:
            return each
    return next((each for each in definitions if name in each.aliases), None)


def text_of(declared: Any) -> str:
    """Return the value of an i18n object; empty for anything else."""
    value = declared.get("value") if isinstance(declared, dict) else None
    return value if isinstance(value, str) else ""


def _word(declared: dict[str, Any], name: str) -> str:
    # Atlassian accepts upper and lower case.
    return str(declared.get(name, "")).lower().replace("_", "-")


def _texts(declared: Any) -> tuple[str, ...]:
    every = declared if isinstance(declared, list) else []
    return tuple(each for each in every if isinstance(each, str))
