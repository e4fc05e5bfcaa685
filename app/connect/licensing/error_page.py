"""Error handler for 402: a page for a browser, and JSON for a script."""

import logging

from flask import Response, jsonify, make_response, render_template, request

from ..errors import LicenseRequiredError
from ..http.error_handlers import asks_for_page

_logger = logging.getLogger(__name__)


def refuse(error: LicenseRequiredError) -> Response:
    """Answer 402: the license has ended."""
    _logger.info("refused: %s %r: %s", request.method, request.path, error)
    if asks_for_page():
        response = make_response(
            render_template("connect/no_license.html", evaluation=error.evaluation)
        )
    else:
        response = jsonify(error="license_required")
    response.status_code = 402
    return response
