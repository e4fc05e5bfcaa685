"""The app descriptor: load, lint, serve, and check the app against it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flask import Flask

from ..errors import DescriptorError
from .document import Descriptor, bp, load_descriptor
from .lint import find_problems
from .module_url import module_url


def load(path: Path, settings: Mapping[str, Any]) -> Descriptor:
    """Return the descriptor in *path*, after linting it.

    :raises DescriptorError: naming everything that is wrong with it.
    """
    descriptor = load_descriptor(path, settings)
    if problems := list(find_problems(descriptor)):
        raise DescriptorError(problems)
    return descriptor


def init_app(app: Flask, descriptor: Descriptor) -> None:
    """Serve *descriptor*, and let templates link to its modules."""
    app.extensions["connect.descriptor"] = descriptor
    app.register_blueprint(bp)
    app.jinja_env.globals["module_url"] = module_url
