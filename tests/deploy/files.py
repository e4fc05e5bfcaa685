"""The files of deploy/, and the commands in them."""

import json
import re
import shlex
from pathlib import Path
from typing import Any

import yaml

from app.config import ROOT

DEPLOY = ROOT / "deploy"
Commands = dict[str, list[str]]
"""The command of each process."""


def in_procfile() -> Commands:
    """Return the commands of the Procfile."""
    lines = (DEPLOY / "Procfile").read_text("utf-8").splitlines()
    pairs = (line.split(":", 1) for line in lines)
    return {name: shlex.split(command) for name, command in pairs}


def in_compose() -> Commands:
    """Return the commands of the services that run the app."""
    services = _documents(DEPLOY / "compose.yaml")[0]["services"]
    return {
        name: shlex.split(service["command"])
        for name, service in services.items()
        if service["image"] == "connect-app"
    }


def in_kubernetes() -> Commands:
    """Return the commands of the containers that run the app."""
    return {
        container["name"]: container["command"]
        for path in sorted((DEPLOY / "kubernetes").glob("*.yaml"))
        for document in _documents(path)
        for container in _containers(document)
        if "connect-app" in container["image"]
    }


def in_systemd() -> Commands:
    """Return the commands of the units, without the folder of the programs."""
    commands = {}
    for path in sorted((DEPLOY / "systemd").glob("*.service")):
        started = re.search(r"(?m)^ExecStart=(.+)$", path.read_text("utf-8"))
        assert started is not None, path
        program, *arguments = shlex.split(started[1])
        name = path.stem.removeprefix("connect-")
        commands[name] = [Path(program).name, *arguments]
    return commands


def in_dockerfile() -> list[str]:
    """Return the command of the image."""
    text = (DEPLOY / "Dockerfile").read_text("utf-8")
    found = re.search(r"(?m)^CMD (.+)$", text)
    assert found is not None
    command: list[str] = json.loads(found[1])
    return command


def _documents(path: Path) -> list[Any]:
    return [*yaml.safe_load_all(path.read_text("utf-8"))]


def _containers(document: Any) -> list[Any]:
    pod = document.get("spec", {}).get("template", {}).get("spec", {})
    containers: list[Any] = pod.get("containers", [])
    return containers
