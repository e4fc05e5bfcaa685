"""The wheel of the app is complete, and the app in it starts."""

import os
import secrets
import subprocess
import sys
import zipfile
from pathlib import Path
from shutil import copytree, ignore_patterns

import pytest
from cryptography.fernet import Fernet

from app.config import ROOT, SETTINGS

BUILD = "import sys; from hatchling.build import build_wheel; build_wheel(sys.argv[1])"
ASK = """
import os
import wsgi
client = wsgi.app.test_client()
print(client.get("/atlassian-connect.json").get_json()["key"])
print(client.get("/readyz").status_code)
print(client.post("/installed", headers={"Accept": "text/html"}).text)
with wsgi.app.test_request_context():
    for name in os.listdir(os.environ["TEMPLATES"]):
        if name.endswith(".html"):
            wsgi.app.jinja_env.get_template(name)
print(wsgi.__file__, wsgi.app.instance_path, sep="\\n")
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder into which the wheel was unpacked."""
    folder = tmp_path_factory.mktemp("wheel")
    run(ROOT, {}, "-c", BUILD, str(folder))
    [wheel] = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "installed")
    return folder / "installed"


def run(folder: Path, environment: dict[str, str], *arguments: str) -> str:
    """Run Python in a folder, and return what it printed."""
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_every_file_of_the_app_is_in_the_wheel(installed: Path) -> None:
    files = {path for path in (ROOT / "app").rglob("*") if path.is_file()}
    read = {path.relative_to(ROOT) for path in files if path.suffix != ".pyc"}
    held = {path.relative_to(installed) for path in installed.rglob("*")}
    assert read <= held


def test_no_more_than_the_app_is_in_the_wheel(installed: Path) -> None:
    names = {path.name for path in installed.iterdir()}
    assert {name for name in names if not name.endswith(".dist-info")} == {
        "app",
        "wsgi.py",
    }


def test_the_wheel_starts_in_any_folder(installed: Path, tmp_path: Path) -> None:
    environment = dict.fromkeys(SETTINGS, "") | {
        "PYTHONPATH": str(installed),
        "SECRET_KEY": secrets.token_hex(),
        "CONNECT_BASE_URL": "https://app.example.com",
        "CONNECT_ENCRYPTION_KEYS": Fernet.generate_key().decode(),
        "CONNECT_APP_KEY": "com.example.wheel",
        "TEMPLATES": str(ROOT / "templates"),
    }
    run(tmp_path, environment, "-m", "flask", "--app", "wsgi", "db", "upgrade")
    said = run(tmp_path, environment, "-c", ASK)
    key, ready, *page, module, instance = said.splitlines()
    assert (key, ready) == ("com.example.wheel", "200")
    assert "<h1>This page could not be opened</h1>" in page
    assert module == str(installed / "wsgi.py")
    assert instance == str(tmp_path / "instance")
    assert (tmp_path / "instance" / "app.sqlite3").is_file()


def test_a_descriptor_beside_the_installed_package_is_not_the_apps(
    installed: Path, tmp_path: Path
) -> None:
    copytree(installed, tmp_path / "installed")
    (tmp_path / "installed" / "atlassian-connect.json").write_text("{}")
    assert home_of(tmp_path / "installed", tmp_path) == tmp_path / "installed/app/home"


def test_a_checkout_without_a_descriptor_keeps_its_settings(tmp_path: Path) -> None:
    ignored = ignore_patterns("__pycache__")
    copytree(ROOT / "app", tmp_path / "fork" / "app", ignore=ignored)
    assert home_of(tmp_path / "fork", tmp_path) == tmp_path / "fork"


def home_of(package: Path, folder: Path) -> Path:
    """Return the home of the app in *package*, started in *folder*."""
    code = "from app.config import HOME; print(HOME)"
    return Path(run(folder, {"PYTHONPATH": str(package)}, "-c", code).strip())
