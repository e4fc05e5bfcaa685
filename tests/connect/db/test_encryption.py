"""Encryption at rest: unreadable without a key, readable with any configured one."""

import pytest
from cryptography.fernet import Fernet

from app.connect.db.encryption import SecretCipher
from app.connect.errors import ConfigurationError

OLD, NEW, OTHER = (Fernet.generate_key().decode() for _ in range(3))


@pytest.mark.parametrize("secret", ["secret", "é" * 200, "a\0b", "s" * 400])
def test_a_secret_comes_back_as_it_was(secret: str) -> None:
    cipher = SecretCipher([NEW, OLD])
    stored = cipher.encrypt(secret)
    assert secret not in stored
    assert stored.isascii()
    assert cipher.decrypt(stored) == secret
    assert cipher.encrypt(secret) != stored


def test_the_newest_key_encrypts_and_any_decrypts() -> None:
    both = SecretCipher([NEW, OLD])
    assert both.decrypt(SecretCipher([OLD]).encrypt("s")) == "s"
    assert SecretCipher([NEW]).decrypt(both.encrypt("s")) == "s"
    with pytest.raises(ConfigurationError):
        SecretCipher([OLD]).decrypt(both.encrypt("s"))


def test_rotation_moves_a_secret_to_the_newest_key() -> None:
    stored = SecretCipher([OLD]).encrypt("s")
    rotated = SecretCipher([NEW, OLD]).rotate(stored)
    assert SecretCipher([NEW]).decrypt(rotated) == "s"


@pytest.mark.parametrize(
    "stored",
    ["", "plain", SecretCipher([OTHER]).encrypt("private")],
    ids=["empty", "plain", "another-key"],
)
def test_what_no_key_decrypts_is_an_error_without_the_secret(stored: str) -> None:
    cipher = SecretCipher([NEW, OLD])
    for read in (cipher.decrypt, cipher.rotate):
        with pytest.raises(ConfigurationError) as caught:
            read(stored)
        assert "CONNECT_ENCRYPTION_KEYS" in str(caught.value)
        for private in ("private", NEW, OLD):
            assert private not in str(caught.value)
        assert caught.value.__suppress_context__


def test_a_stored_secret_that_was_touched_is_refused() -> None:
    cipher = SecretCipher([NEW])
    stored = cipher.encrypt("s")
    middle = len(stored) // 2
    other = "A" if stored[middle] != "A" else "B"
    with pytest.raises(ConfigurationError):
        cipher.decrypt(stored[:middle] + other + stored[middle + 1 :])
