"""Where the tests of the scaled form find PostgreSQL and Redis; run as a program it says whether both are there."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import redis

POSTGRES = os.environ.get("MOZHU_TEST_POSTGRES", "postgres://postgres@127.0.0.1:5432/postgres")
REDIS = os.environ.get("MOZHU_TEST_REDIS", "redis://127.0.0.1:6379/9")


def what_is_away() -> str:
    """Return a sentence about what does not answer, or an empty string."""
    try:
        psycopg.connect(POSTGRES, connect_timeout=5).close()
    except psycopg.OperationalError as error:
        return f"PostgreSQL does not answer at {POSTGRES} (MOZHU_TEST_POSTGRES names another one): {error}"
    try:
        redis.Redis.from_url(REDIS, socket_connect_timeout=5).ping()
    except redis.RedisError as error:
        return f"Redis does not answer at {REDIS} (MOZHU_TEST_REDIS names another one): {error}"
    return ""


@contextmanager
def fresh_database(name: str) -> Iterator[str]:
    """Create an empty PostgreSQL database; give its address, and drop it at the end."""
    with psycopg.connect(POSTGRES, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        connection.execute(f"CREATE DATABASE {name}")
        try:
            yield POSTGRES.rsplit("/", 1)[0] + f"/{name}"
        finally:
            connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


if __name__ == "__main__":
    sys.exit(what_is_away() or 0)
