"""kill -9 of real Celery workers at the worst moments of an import: another one takes over, and it shows nowhere."""

from __future__ import annotations

import json
import os
import signal
from datetime import timedelta

import polars as pl
import pytest

from apps.datasets import indexing, services
from tests.celery_worker import celery_worker
from tests.datasets.conftest import HEADER, code
from tests.training.test_supervisor import until

pytestmark = pytest.mark.django_db(transaction=True)

DIFFERENT, TIMES = 20_000, 12
"""So many rows, each so often: some 24 MB, more than the worker reads at once."""
FILES = {"source.csv", "head.json", "rows.csv", "rows.arrow", "issues.arrow", "index"}
WHILE_IMPORTING = [
    ("apps.datasets.importing.sift", 2),  # in the second block
    ("apps.datasets.recording.VersionFiles.put_in_place", 1),  # the files have their names, nothing is committed
]
WHILE_INDEXING = [
    ("apps.datasets.indexing.build_index", 1),  # the index is written
    ("pathlib.Path.rename", 2),  # the index has its name, nothing is committed
]


@pytest.fixture(autouse=True)
def impatient(settings, monkeypatch):
    settings.HEARTBEAT_LOST_SECONDS = 1.5
    monkeypatch.setattr(indexing, "RESEND_AFTER", timedelta(0))


@pytest.fixture
def worker(own_files):
    def start(*moment: str | int):
        patience = {"HEARTBEAT_SECONDS": "0.3", "HEARTBEAT_LOST_SECONDS": "1.5", "VAR_DIR": str(own_files)}
        return celery_worker("tests.datasets.killable_worker", *map(str, moment), **patience)

    return start


def many_rows() -> str:
    codes = [code(number % 10_000, prefix=f"40339{number // 10_000:02d}") for number in range(DIFFERENT)]
    name = "中国邮政储蓄银行股份有限公司丹江口市六里坪第{}营业所"
    rows = [f"{name.format(at)},{cell},403100000004" for at, cell in enumerate(codes)]
    return "\n".join([HEADER, *rows * TIMES]) + "\n"


def now(version):
    version.refresh_from_db()
    return version


def kill_at(moment, worker, own_files):
    """Start a worker, wait until it stands at the moment, and kill it."""
    reached = own_files / "reached"
    with worker(*moment) as process:
        until(reached.exists, seconds=60)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    reached.unlink()


def test_workers_are_killed_at_the_worst_moments_and_the_import_is_whole(upload, worker, own_files, administrator):
    version = upload(many_rows())
    for attempt, moment in enumerate(WHILE_IMPORTING, 1):
        kill_at(moment, worker, own_files)
        assert (now(version).status, version.attempt) == ("importing", attempt)
        assert version.rows_accepted == 0, "what is not committed shows nowhere"
        until(services.wake_waiting_imports)
    for attempt, moment in enumerate(WHILE_INDEXING, 3):
        kill_at(moment, worker, own_files)
        assert (now(version).status, version.indexed_at) == ("draft", None)
        assert version.attempt == attempt + 1
        until(indexing.wake_waiting_indexes)
    with worker():
        until(lambda: now(version).indexed_at, seconds=60)

    assert (version.status, version.stage, version.failure) == ("draft", "", {})
    assert version.rows_read == DIFFERENT * TIMES
    assert version.rows_accepted == DIFFERENT
    assert version.rows_skipped == DIFFERENT * (TIMES - 1)
    assert version.receipt["codes"] == {"duplicate_row": DIFFERENT * (TIMES - 1)}
    assert {path.name for path in version.directory.iterdir()} == FILES
    assert pl.read_csv(version.rows_file).height == pl.read_ipc(version.columns_file).height == DIFFERENT
    assert json.loads((version.index_directory / "manifest.json").read_text())["rows"] == DIFFERENT
    assert [path.name for path in (own_files / "datasets").iterdir()] == [str(version.pk)]
    services.finalise(version, actor=administrator)
    services.activate(version, actor=administrator)
