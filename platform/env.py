"""Everything the environment decides, read once, with the embedded default of each."""

from __future__ import annotations

import hashlib
import os
import secrets
import tempfile
from pathlib import Path

import environ

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
    """Return SECRET_KEY from the environment, or a random one kept in VAR_DIR, readable by its owner alone."""
    given = env.str("SECRET_KEY", default="")
    if given:
        return given
    path = VAR_DIR / "secret_key"
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text().strip()
    with os.fdopen(descriptor, "w") as file:
        file.write(secrets.token_urlsafe(64))
    return path.read_text().strip()


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
