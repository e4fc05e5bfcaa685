"""A small app whose static macros answer what a test specifies."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import jwt
from flask import Flask, Response, request

from devhost.server import LocalConfluence
from tests.fake_app import FakeApp

Answer = Callable[[], Response | str]


@dataclass
class Asked:
    """One request for an output, its token verified."""

    method: str
    path: str
    query: dict[str, str]
    form: dict[str, str]
    claims: dict[str, Any]


@dataclass
class StaticApp(FakeApp):
    """``answer[path]`` returns the answer; ``asked`` is what arrived, verified."""

    asked: list[Asked] = field(default_factory=list)
    answer: dict[str, Answer] = field(default_factory=dict)

    def _flask(self) -> Flask:
        app = super()._flask()
        methods = ["GET", "POST"]
        app.add_url_rule(
            f"{self.base_path}/output/<path:path>",
            endpoint="static-macro",
            view_func=self._static,
            methods=methods,
        )
        return app

    def _static(self, path: str) -> Response | str:
        header = request.headers.get("Authorization", "").removeprefix("JWT ")
        in_url = request.args.get("jwt", "")
        # One place for each method, and never both.
        assert bool(header) == (request.method == "POST") != bool(in_url)
        claims = jwt.decode(header or in_url, self.secret, algorithms=["HS256"])
        assert claims["qsh"] == self._hash()
        query = {key: value for key, value in request.args.items() if key != "jwt"}
        form = dict(request.form)
        self.asked.append(Asked(request.method, path, query, form, claims))
        return self.answer.get(path, lambda: "<p>static</p>")()


def serve_static_app(confluence: LocalConfluence, *macros: dict[str, Any]) -> StaticApp:
    """Return an app with these static macros, not yet started."""
    modules = {"staticContentMacros": list(macros)}
    return StaticApp(
        key_server=f"{confluence.origin}/install-keys",
        descriptor={"modules": modules},
    )


def static_macro(key: str, url: str = "", **more: Any) -> dict[str, Any]:
    return {
        "key": key,
        "name": {"value": f"Macro {key}"},
        "url": url or f"/output/{key}",
        **more,
    }
