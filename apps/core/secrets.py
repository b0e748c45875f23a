"""Secrets at rest: what the database must hold and nobody may read there (second factors, keys of outside services)."""

from __future__ import annotations

import base64
import hashlib
from functools import cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured


class SecretUnreadable(Exception):
    """No key of the ring fits: its key has been taken out of SECRETS_KEYS, or SECRET_KEY has changed."""


def encrypt(text: str) -> str:
    """Return `text` encrypted with the first key of the ring, as ASCII."""
    return _ring(*_keys()).encrypt(text.encode()).decode()


def decrypt(token: str) -> str:
    """Return what `encrypt` was given, by whichever key of the ring it was written; raises SecretUnreadable."""
    try:
        return _ring(*_keys()).decrypt(token.encode()).decode()
    except InvalidToken as error:
        raise SecretUnreadable from error


def _keys() -> tuple[tuple[str, ...], tuple[str, ...]]:
    secret_keys = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    return tuple(settings.SECRETS_KEYS), tuple(map(str, secret_keys))


@cache
def _ring(keys: tuple[str, ...], secret_keys: tuple[str, ...]) -> MultiFernet:
    """The keys of the environment, newest first, and last those that follow from SECRET_KEY and its former values: an
    installation that names keys later still reads what it wrote before."""
    digests = [hashlib.sha256(b"mozhu.secrets:" + secret_key.encode()).digest() for secret_key in secret_keys]
    derived = [base64.urlsafe_b64encode(digest).decode() for digest in digests]
    try:
        return MultiFernet([Fernet(key) for key in (*keys, *derived)])
    except ValueError as error:
        raise ImproperlyConfigured("SECRETS_KEYS: each key is 32 bytes in URL-safe base64 (Fernet).") from error
