"""The floor: bare Flask routes that verify nothing, and answer the same."""

from pathlib import Path
from types import SimpleNamespace

from flask import Flask, Response, jsonify, render_template

TEMPLATES = Path(__file__).resolve().parents[2] / "templates"
CLIENT_KEY = "11111111-2222-3333-4444-555555555555"
ACCOUNT_ID = "557058:11111111-2222-3333-4444-555555555555"

app = Flask(__name__, template_folder=str(TEMPLATES))
app.config["CONNECT_ALL_JS_URL"] = "https://connect-cdn.atl-paas.net/all.js"
# What the templates use: a constant language and nonce, and texts as they are.
app.jinja_env.add_extension("jinja2.ext.i18n")
app.jinja_env.install_null_translations(newstyle=True)  # type: ignore[attr-defined]  # Added by the extension.
app.jinja_env.globals.update(language=lambda: "en", csp_nonce=lambda: "n" * 22)


@app.get("/benchmark")
@app.get("/benchmark/context")
def benchmark() -> Response:
    """Return the same JSON as the other servers, without verification."""
    return jsonify(clientKey=CLIENT_KEY, accountId=ACCOUNT_ID)


@app.get("/overview")
def page() -> str:
    """Render the template of the example's page."""
    tenant = SimpleNamespace(
        client_key=CLIENT_KEY, display_url="https://site-1.atlassian.net/wiki"
    )
    return render_template("overview.html", tenant=tenant, account_id=ACCOUNT_ID)


# The page has links to these.
for name in ("context", "rights", "license_state", "read_note", "read_menu_link"):
    app.add_url_rule(f"/api/{name}", f"pages.{name}", lambda: "")
