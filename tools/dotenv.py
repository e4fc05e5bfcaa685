"""Creates the ``.env`` file of a fresh clone."""

import os
import secrets
from pathlib import Path

from cryptography.fernet import Fernet


def create_dotenv(example: Path, dotenv: Path) -> bool:
    """Write *dotenv* from *example* with fresh secrets; False if it already exists."""
    try:
        descriptor = os.open(dotenv, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return False
    filled_in = {
        "SECRET_KEY=": secrets.token_urlsafe(48),
        "CONNECT_ENCRYPTION_KEYS=": Fernet.generate_key().decode("ascii"),
    }
    with open(descriptor, "w", encoding="utf-8") as file:
        for line in example.read_text("utf-8").splitlines():
            file.write(f"{line}{filled_in.get(line.strip(), '')}\n")
    return True
