"""A real Celery worker as a child process, on the database and the broker of the test that starts it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.db import connection

ROOT = Path(__file__).resolve().parents[1]


@contextmanager
def celery_worker(program: str, *arguments: str, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run a module that ends in `worker_main`; what is left of it at the end is killed."""
    everything = {**os.environ, "DATABASE_URL": _database_url(), **environment}
    process = subprocess.Popen([sys.executable, "-m", program, *arguments], cwd=ROOT, env=everything)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def _database_url() -> str:
    name = connection.settings_dict["NAME"]
    if connection.vendor == "sqlite":
        return f"sqlite:///{name}"
    return f"{os.environ['DATABASE_URL'].rpartition('/')[0]}/{name}"
