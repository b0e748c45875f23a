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
    return _ring(tuple(settings.SECRETS_KEYS), settings.SECRET_KEY).encrypt(text.encode()).decode()


def decrypt(token: str) -> str:
    """Return what `encrypt` was given, by whichever key of the ring it was written; raises SecretUnreadable."""
    try:
        return _ring(tuple(settings.SECRETS_KEYS), settings.SECRET_KEY).decrypt(token.encode()).decode()
    except InvalidToken as error:
        raise SecretUnreadable from error


@cache
def _ring(keys: tuple[str, ...], secret_key: str) -> MultiFernet:
    """The keys of the environment, newest first, and last the one that follows from SECRET_KEY: an installation that
    names keys later still reads what it wrote before."""
    derived = base64.urlsafe_b64encode(hashlib.sha256(b"mozhu.secrets:" + secret_key.encode()).digest())
    try:
        return MultiFernet([Fernet(key) for key in (*keys, derived.decode())])
    except ValueError as error:
        raise ImproperlyConfigured("SECRETS_KEYS: each key is 32 bytes in URL-safe base64 (Fernet).") from error
