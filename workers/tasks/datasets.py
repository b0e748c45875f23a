"""Datasets: thin bridges from the queue to the import."""

from __future__ import annotations

from celery import shared_task

from apps.datasets import indexing, retention, services
from apps.datasets.importing import import_version as run_import


@shared_task(name="datasets.import_version", ignore_result=True)
def import_version(version_id: str) -> None:
    run_import(version_id)


@shared_task(name="datasets.build_index", ignore_result=True)
def build_index(version_id: str) -> None:
    indexing.index_version(version_id)


@shared_task(name="datasets.tick", ignore_result=True)
def tick() -> None:
    services.wake_waiting_imports()
    indexing.wake_waiting_indexes()


@shared_task(name="datasets.retain", ignore_result=True)
def retain() -> None:
    retention.remove_expired()
