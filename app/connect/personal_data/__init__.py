"""Personal data (GDPR): whose data the app keeps, and the regular reports about it.

Authors call ``registry``, and ``store`` is the table behind it. ``cycle`` reports the
accounts on schedule, through ``report``, and ``signals`` tells authors what to erase.
"""

from flask import Flask

from ...extensions import db
from ..tasks.schedule import add_to_schedule
from ..tenants.state import get_state
from .cycle import SCHEDULE
from .store import PersonalDataStore, drop_personal_data


def init_app(app: Flask) -> None:
    """Add the personal data register and its reporting schedule to *app*."""
    app.extensions["connect.personal_data"] = PersonalDataStore(db)
    get_state(app).tenants.add_dependent(drop_personal_data)
    add_to_schedule(app, SCHEDULE)
