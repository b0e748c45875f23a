"""Who imports a version: claimed by one conditional UPDATE, kept by a heartbeat, fenced by the attempt."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from types import TracebackType
from typing import Any, Self

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from apps.datasets.failures import Superseded
from apps.datasets.models import ATTEMPTS_MAX, DatasetVersion

logger = logging.getLogger(__name__)
_Status = DatasetVersion.Status
NOTHING_FOUND: dict[str, Any] = {
    "stage": "",
    "progress": 0,
    "rows_read": 0,
    "rows_accepted": 0,
    "rows_skipped": 0,
    "warning_count": 0,
    "content_sha256": "",
    "receipt": {},
    "failure": {},
}
"""The fields of a version of which no import has found anything yet, or any more."""

NEW_ATTEMPTS: dict[str, Any] = {"last_attempt": F("attempt") + ATTEMPTS_MAX}
"""What gives a version as many attempts as a new one has."""

_FRESH: dict[str, Any] = {
    **NOTHING_FOUND,
    "status": _Status.IMPORTING,
    "stage": DatasetVersion.Stage.READING,
}


def lost_before() -> datetime:
    """Return the moment before which a heartbeat counts as lost."""
    moment: datetime = timezone.now() - timedelta(seconds=settings.HEARTBEAT_LOST_SECONDS)
    return moment


def claim(version_id: str) -> DatasetVersion | None:
    """Start an attempt at a version that waits, or whose worker died; None where somebody else has it or it is done."""
    free = Q(status=_Status.UPLOADED) | Q(status=_Status.IMPORTING, heartbeat__lt=lost_before())
    now = timezone.now()
    fresh = {**_FRESH, "attempt": F("attempt") + 1, "heartbeat": now, "updated_at": now}
    if not DatasetVersion.objects.filter(free, pk=version_id).update(**fresh):
        return None
    claimed: DatasetVersion = DatasetVersion.objects.select_related("dataset").get(pk=version_id)
    return claimed


def hold(version: DatasetVersion, **fields: Any) -> None:
    """Write `fields` and a heartbeat to the row, or raise Superseded where this attempt no longer holds it."""
    now = timezone.now()
    held = DatasetVersion.objects.filter(pk=version.pk, status=_Status.IMPORTING, attempt=version.attempt)
    if not held.update(heartbeat=now, updated_at=now, **fields):
        raise Superseded


def unindexed() -> QuerySet[DatasetVersion]:
    """Return the versions without a search index that no living worker builds one for."""
    waiting = DatasetVersion.objects.with_rows().filter(indexed_at__isnull=True)
    return waiting.exclude(stage=DatasetVersion.Stage.INDEXING, heartbeat__gte=lost_before())


def claim_index(version_id: str) -> DatasetVersion | None:
    """Start an attempt at the index of a version; None where it has one, somebody else is at it, or too many died."""
    now = timezone.now()
    fresh = {"stage": DatasetVersion.Stage.INDEXING, "attempt": F("attempt") + 1, "heartbeat": now, "updated_at": now}
    if not unindexed().filter(pk=version_id, attempt__lt=F("last_attempt")).update(**fresh):
        return None
    claimed: DatasetVersion = DatasetVersion.objects.select_related("dataset").get(pk=version_id)
    return claimed


def hold_index(version: DatasetVersion, **fields: Any) -> None:
    """As `hold`, for a version whose index is being built; finalising it meanwhile does no harm."""
    now = timezone.now()
    held = DatasetVersion.objects.filter(pk=version.pk, stage=DatasetVersion.Stage.INDEXING, attempt=version.attempt)
    if not held.update(heartbeat=now, updated_at=now, **fields):
        raise Superseded


class Heart(threading.Thread):
    """Beats for a version, by `beat`, while the main thread is busy with something long."""

    def __init__(self, version: DatasetVersion, beat: Callable[[DatasetVersion], None] = hold) -> None:
        super().__init__(name=f"heart-{version.pk}", daemon=True)
        self._version, self._beat = version, beat
        self._stop_asked = threading.Event()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop_asked.set()
        self.join()

    def run(self) -> None:
        while not self._stop_asked.wait(settings.HEARTBEAT_SECONDS):
            try:
                self._beat(self._version)
            except Superseded:
                break
            except DatabaseError as error:  # one missed beat is harmless; the next may succeed
                logger.warning("No heartbeat for import %s: %s", self._version.pk, error)
        connection.close()
