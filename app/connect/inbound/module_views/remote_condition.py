"""Remote conditions: the host asks the app whether to show a module.

Atlassian's documentation of conditions has not listed them since 2019.
https://developer.atlassian.com/cloud/confluence/conditions/
"""

import logging
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

from flask import Response, current_app, jsonify, request

from ...errors import without_text
from ..policies import jwt_required, layer

_P = ParamSpec("_P")
_logger = logging.getLogger(__name__)


def remote_condition(view: Callable[_P, bool]) -> Callable[_P, Response]:
    """Answer the host's question, signed for this exact URL, with the view's result.

    Only ``True`` shows the module. Anything else hides it, and so does an error in
    the view, whose type is logged. Use it instead of ``jwt_required``; it has the
    same policy.
    """

    @wraps(view)
    def condition(*args: _P.args, **kwargs: _P.kwargs) -> Response:
        try:
            answer = current_app.ensure_sync(view)(*args, **kwargs)
        except Exception as error:
            _logger.error(
                "the condition %s failed, and its module is hidden: %s",
                request.endpoint,
                type(error).__name__,
                exc_info=error if current_app.debug else without_text(error),
            )
            answer = False
        return jsonify(shouldDisplay=answer is True)

    return jwt_required(layer(condition))
