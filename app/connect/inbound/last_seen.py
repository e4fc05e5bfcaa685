"""When a tenant was last seen: noted once a day, after its request is answered."""

import logging
from functools import partial

from flask import Flask, Response, after_this_request
from sqlalchemy.exc import SQLAlchemyError

from ..db.postgresql import as_in_a_request
from ..tenants.current import get_app
from ..tenants.state import get_state

_logger = logging.getLogger(__name__)


def note_when_answered(client_key: str) -> None:
    """Have the database note, once this request is answered, that a tenant was seen."""
    app = get_app()

    @after_this_request
    def wait_for_the_end(response: Response) -> Response:
        response.call_on_close(partial(_note, app, client_key))
        return response


def _note(app: Flask, client_key: str) -> None:
    # The thread that answered is held until this is done.
    with app.app_context(), as_in_a_request():
        try:
            get_state().last_seen.note(client_key)
        except SQLAlchemyError as error:
            # Nobody waits for it; a later request tries again.
            _logger.warning("last seen not noted: %s", type(error).__name__)
