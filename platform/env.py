"""Everything the environment decides, read once, with the embedded default of each."""

from __future__ import annotations

import hashlib
import os
import secrets
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

ROOT = Path(__file__).resolve().parent.parent
LONGEST_SOCKET_PATH = 100  # sun_path holds 104 bytes on macOS, 108 on Linux

env = environ.Env()
environ.Env.read_env(str(ROOT / ".env"))

VAR_DIR = Path(env.str("VAR_DIR", default=str(ROOT / "var"))).resolve()
VAR_DIR.mkdir(mode=0o700, parents=True, exist_ok=True)  # rows, hashes, keys: for its owner alone


def embedded_socket() -> Path:
    """Return where the embedded Valkey listens: under VAR_DIR, or a short temporary name where that is too long."""
    path = VAR_DIR / "valkey.sock"
    if len(str(path).encode()) <= LONGEST_SOCKET_PATH:
        return path
    digest = hashlib.sha256(str(path).encode()).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"mozhu-{digest}.sock"


def secret_key() -> str:
    """Return SECRET_KEY from the environment, or a random one kept in VAR_DIR, readable by its owner alone.

    Raises ImproperlyConfigured where several machines may share the database or others reach the product: a key that
    each machine makes for itself would end sessions at random there, and nobody would know that it must be kept.
    """
    given = env.str("SECRET_KEY", default="")
    if given:
        return given
    if not env.bool("DEBUG", default=False) and (_database_is_a_server() or env.bool("HTTPS", default=False)):
        raise ImproperlyConfigured(
            "SECRET_KEY is not set. With HTTPS or a database server it must be given in the environment or in .env, "
            "the same for every process. Make one: python -c 'import secrets; print(secrets.token_urlsafe(64))'"
        )
    path = VAR_DIR / "secret_key"
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text().strip()
    with os.fdopen(descriptor, "w") as file:
        file.write(secrets.token_urlsafe(64))
    return path.read_text().strip()


def _database_is_a_server() -> bool:
    return not env.str("DATABASE_URL", default="sqlite:").startswith("sqlite:")


REDIS_URL = env.str("REDIS_URL", default=f"unix://{embedded_socket()}")


def broker_url(redis_url: str) -> str:
    """Return Kombu's spelling of a Redis address (`redis+socket://` for a socket)."""
    return redis_url.replace("unix://", "redis+socket://", 1)


def database(default_path: Path) -> dict[str, object]:
    """Return Django's DATABASES["default"]: tuned SQLite, or PostgreSQL with a connection pool."""
    config: dict[str, object] = dict(env.db_url("DATABASE_URL", default=f"sqlite:///{default_path}"))
    if "sqlite" in str(config["ENGINE"]):
        config["CONN_MAX_AGE"] = None
        config["OPTIONS"] = {
            "timeout": 20,
            "transaction_mode": "IMMEDIATE",
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-32000;",
        }
    elif "postgresql" in str(config["ENGINE"]):
        config["OPTIONS"] = {"pool": {"min_size": 1, "max_size": env.int("DATABASE_POOL", default=16), "timeout": 20}}
    return config


def one_of(name: str, *choices: str) -> str:
    """Return a word of the environment that has to be one of `choices`; the first is the default."""
    given = env.str(name, default=choices[0])
    if given not in choices:
        raise environ.ImproperlyConfigured(f"{name} is one of {', '.join(choices)}, not {given!r}")
    return given


_GOOGLE = ["https://accounts.google.com/", "https://oauth2.googleapis.com/", "https://www.googleapis.com/"]
_GITHUB = ["https://github.com/", "https://api.github.com/"]


def sign_in_providers() -> tuple[dict[str, Any], list[str]]:
    """Return allauth's SOCIALACCOUNT_PROVIDERS for what the environment names, and every address they may call.

    An OIDC provider needs OIDC_URL (its issuer), OIDC_CLIENT_ID and OIDC_SECRET; Google and GitHub GOOGLE_CLIENT_ID,
    GOOGLE_SECRET and so on. All use PKCE.
    """
    providers: dict[str, Any] = {}
    origins: list[str] = []
    for name, addresses in (("google", _GOOGLE), ("github", _GITHUB)):
        client = env.str(f"{name.upper()}_CLIENT_ID", default="")
        if client:
            app = {"client_id": client, "secret": env.str(f"{name.upper()}_SECRET"), "key": ""}
            providers[name] = {"APPS": [app], "OAUTH_PKCE_ENABLED": True}
            origins += addresses
    url = env.str("OIDC_URL", default="").rstrip("/")
    if url:
        providers["openid_connect"] = {"APPS": [_oidc(url)], "OAUTH_PKCE_ENABLED": True}
        origins.append(origin_of(url))
    return providers, origins


def _oidc(url: str) -> dict[str, Any]:
    return {
        "provider_id": "oidc",
        "name": env.str("OIDC_NAME", default="SSO"),
        "client_id": env.str("OIDC_CLIENT_ID"),
        "secret": env.str("OIDC_SECRET"),
        "settings": {"server_url": url},
    }


def origin_of(url: str) -> str:
    """Return scheme, host and port of an address, with a slash at the end."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}/".lower()
