"""Creates the ``.env`` file of a fresh clone."""

import os
import subprocess
import sys
from pathlib import Path

NEW_SECRETS = ["-m", "flask", "--app", "wsgi", "connect", "new-secrets"]


def create_dotenv(example: Path, dotenv: Path) -> bool:
    """Write *dotenv* from *example* with fresh secrets; False if it already exists.

    The app's own command makes the secrets.
    """
    if dotenv.exists():
        return False
    command = [sys.executable, *NEW_SECRETS]
    printed = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    filled_in = {
        line.partition("=")[0] + "=": line for line in printed.stdout.splitlines()
    }
    descriptor = os.open(dotenv, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(descriptor, "w", encoding="utf-8") as file:
        for line in example.read_text("utf-8").splitlines():
            file.write(f"{filled_in.get(line.strip(), line)}\n")
    return True
