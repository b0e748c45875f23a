from __future__ import annotations

from tests.datasets.conftest import table
from workers.tasks import datasets as tasks


def test_tasks_have_the_names_that_are_sent():
    assert tasks.import_version.name == "datasets.import_version"
    assert tasks.tick.name == "datasets.tick"
    assert tasks.tick.ignore_result


def test_task_imports_the_version(upload):
    version = upload(table())
    tasks.import_version(str(version.pk))
    version.refresh_from_db()
    assert version.status == "draft"


def test_tick_runs(db):
    tasks.tick()
