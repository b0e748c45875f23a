"""Loaded with `-p tests.environment` before Django's settings are: a scratch VAR_DIR and a broker of its own."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

SCRATCH = Path(tempfile.mkdtemp(prefix="mozhu-test-"))
os.environ["VAR_DIR"] = str(SCRATCH)
os.environ.setdefault("SECRET_KEY", "for-tests-only-" + "x" * 50)
EMBEDDED_BROKER = "MOZHU_TEST_REDIS_URL" not in os.environ
PROCESS = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
# One Redis serves all test processes, each in a database of its own: a worker that a test starts must not take the
# messages of another test.
os.environ["REDIS_URL"] = (
    f"unix://{SCRATCH}/valkey.sock" if EMBEDDED_BROKER else f"{os.environ['MOZHU_TEST_REDIS_URL']}/{10 + PROCESS}"
)
os.environ["DATABASE_URL"] = os.environ.get("MOZHU_TEST_DATABASE_URL", f"sqlite:///{SCRATCH}/db.sqlite3")
os.environ["ENGINE_URL"] = "http://127.0.0.1:9"  # nobody listens there: a test that needs an engine starts one
