"""Encryption at rest; keys are rotated by adding a newer one.

https://cryptography.io/en/latest/fernet/#cryptography.fernet.MultiFernet
"""

from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from ..errors import ConfigurationError


class SecretCipher:
    """Encrypts with the newest key, decrypts with any."""

    def __init__(self, keys: Sequence[str]) -> None:
        self._fernet = MultiFernet([Fernet(key) for key in keys])

    def encrypt(self, secret: str) -> str:
        """Return *secret* as it is stored."""
        return self._fernet.encrypt(secret.encode()).decode()

    def decrypt(self, stored: str) -> str:
        """Return the secret that was stored.

        :raises ConfigurationError: if no configured key fits.
        """
        try:
            return self._fernet.decrypt(stored).decode()
        except InvalidToken:
            raise _no_key_fits() from None

    def rotate(self, stored: str) -> str:
        """Return *stored*, re-encrypted with the newest key.

        :raises ConfigurationError: if no configured key fits.
        """
        try:
            return self._fernet.rotate(stored).decode()
        except InvalidToken:
            raise _no_key_fits() from None


def _no_key_fits() -> ConfigurationError:
    return ConfigurationError(
        "no key in CONNECT_ENCRYPTION_KEYS decrypts a secret: "
        "add the key that it was encrypted with to the end of the list"
    )
