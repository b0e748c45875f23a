"""The audit trail: a thin bridge from the clock to the archiving."""

from __future__ import annotations

from celery import shared_task

from apps.audit import archiving


@shared_task(name="audit.archive", ignore_result=True)
def archive() -> None:
    archiving.archive_expired()
