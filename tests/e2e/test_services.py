"""The main job on PostgreSQL and Redis: what `make demo` does, by environment variables alone.

The servers are those at MOZHU_TEST_POSTGRES and MOZHU_TEST_REDIS (usual local ports by default). Where they are away
the tests are skipped with a message; with CI=true they fail instead.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys

import psycopg
import pytest
import redis

from tests.e2e.product import ROOT, free_port
from tests.e2e.servers import REDIS, fresh_database

pytestmark = [pytest.mark.services, pytest.mark.usefixtures("both_are_there")]

DATABASE = "mozhu_e2e"
DEMO_SECONDS = 900


@pytest.fixture
def postgres():
    with fresh_database(DATABASE) as database:
        yield database


@pytest.fixture
def redis_url():
    client = redis.Redis.from_url(REDIS)
    client.flushdb()
    yield REDIS
    client.flushdb()


def test_main_job_runs_on_postgresql_and_redis(postgres, redis_url, tmp_path):
    environment = {key: value for key, value in os.environ.items() if key != "ENGINE_URL"}
    environment |= {"DATABASE_URL": postgres, "REDIS_URL": redis_url, "VAR_DIR": str(tmp_path), "DEMO_EXIT": "1"}
    command = [sys.executable, "manage.py", "demo", "--port", str(free_port())]
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=DEMO_SECONDS, check=False
    )
    print(done.stdout)
    assert done.returncode == 0, done.stderr
    assert "Starting engine, worker, beat, web" in done.stdout, "an embedded broker was started beside Redis"
    answered = re.findall(r"^.*\banswered\b.*$", done.stdout, re.MULTILINE)
    assert len(answered) >= 3
    assert "403539100200" in done.stdout
    assert not (tmp_path / "db.sqlite3").exists()
    with psycopg.connect(postgres) as connection:
        rows = connection.execute("SELECT max(rows_accepted) FROM datasets_datasetversion").fetchone()
        job = connection.execute("SELECT status FROM training_trainingjob").fetchone()
    assert rows[0] >= 5000
    assert job[0] == "succeeded"
