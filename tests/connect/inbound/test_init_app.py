"""What the package adds to an app."""

from flask import Flask

from app.connect import inbound
from app.connect.inbound.policies import Policy, policy_of


def test_static_files_are_public_if_there_are_any() -> None:
    for static_folder, policy in (("static", Policy.PUBLIC), (None, None)):
        app = Flask("plain", static_folder=static_folder)
        app.config["CONNECT_KEY_SERVERS"] = ("https://keys.example.com",)
        inbound.init_app(app)
        assert policy_of(app.view_functions.get("static")) is policy
        installed = app.view_functions["connect_lifecycle.installed"]
        assert policy_of(installed) is Policy.SIGNED_INSTALL
