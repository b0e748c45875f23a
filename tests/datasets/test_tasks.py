from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from apps.datasets import services
from apps.datasets.models import DatasetVersion
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


def test_tick_sends_an_upload_that_was_forgotten_again(upload, monkeypatch):
    version = upload(table())
    DatasetVersion.objects.filter(pk=version.pk).update(updated_at=timezone.now() - timedelta(minutes=5))
    sent: list[tuple[str, ...]] = []
    monkeypatch.setattr(services, "enqueue", lambda *message: sent.append(message))
    tasks.tick()
    assert sent == [("datasets.import_version", str(version.pk))]
