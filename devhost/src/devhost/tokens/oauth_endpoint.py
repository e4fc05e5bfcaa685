"""``POST /oauth2/token``: where an app exchanges an assertion for an access token."""

import logging

from flask import Blueprint, Response, jsonify, request

from devhost.site.current import current_site
from devhost.tokens.oauth import GrantError, grant_token

FORM_TYPE = "application/x-www-form-urlencoded"
logger = logging.getLogger("devhost")

blueprint = Blueprint("oauth", __name__)


@blueprint.post("/oauth2/token")
def new_token() -> Response:
    """Return an access token, or an error."""
    try:
        if request.mimetype != FORM_TYPE:
            raise GrantError("invalid_request", f"Content-Type must be {FORM_TYPE}")
        form = {name: values for name, values in request.form.lists()}
        if any(len(values) > 1 for values in form.values()):
            raise GrantError("invalid_request", "a parameter is repeated")
        single = {name: values[0] for name, values in form.items()}
        response = jsonify(grant_token(current_site().siblings, single))
    except GrantError as error:
        logger.warning("no access token: %s", error.code)
        response = jsonify(error=error.code, error_description=str(error))
        response.status_code = 400
        reason = str(error).encode("unicode_escape").decode("ascii")
        response.headers["X-Devhost-Reason"] = reason
    response.headers["Cache-Control"] = "no-store"
    return response
