"""The descriptor, atlassian-connect.json: load, lint, serve, and check an app by it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flask import Flask

from ..errors import DescriptorError
from .document import Descriptor, bp, load_descriptor
from .lint import find_problems
from .module_url import module_url


def load(path: Path, settings: Mapping[str, Any]) -> Descriptor:
    """Return the descriptor of *path*, linted.

    :raises DescriptorError: naming all that is wrong with it.
    """
    descriptor = load_descriptor(path, settings)
    if problems := list(find_problems(descriptor)):
        raise DescriptorError(problems)
    return descriptor


def init_app(app: Flask, descriptor: Descriptor) -> None:
    """Serve *descriptor*, and let templates link to the modules in it."""
    app.extensions["connect.descriptor"] = descriptor
    app.register_blueprint(bp)
    app.jinja_env.globals["module_url"] = module_url
