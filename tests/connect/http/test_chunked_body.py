"""Chunked bodies that a server can't read."""

from typing import Any

import pytest
from flask import Flask, request
from flask.testing import FlaskClient

from app.connect import public
from tests.signing import authorization, install_token


class BadChunkError(Exception):
    """An error of the server's own, such as gunicorn's InvalidChunkSize."""


class Broken:
    """The body of a request whose chunks are not well-formed."""

    def read(self, *_size: int) -> bytes:
        raise BadChunkError


def post(client: FlaskClient, path: str, **headers: str) -> int:
    environ: dict[str, Any] = {
        "wsgi.input": Broken(),
        "wsgi.input_terminated": True,
        "HTTP_TRANSFER_ENCODING": "chunked",
    }
    answer = client.post(path, headers=headers, environ_overrides=environ)
    return answer.status_code


@pytest.mark.parametrize("path", ["/installed", "/uninstalled"])
def test_a_signed_install_with_bad_chunks_is_refused(
    client: FlaskClient, path: str
) -> None:
    assert post(client, path, **authorization(install_token(path))) == 401


def test_so_is_any_other_body(app: Flask) -> None:
    @app.post("/mine")
    @public
    def mine() -> bytes:
        return request.get_data()

    assert post(app.test_client(), "/mine") == 400
