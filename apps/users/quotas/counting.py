"""Counters that many processes add to at once. One statement checks and adds: nothing is read first."""

from __future__ import annotations

from django.db import connection
from django.db.models import F, QuerySet
from django.db.models.functions import Greatest

from apps.users.models.quotas import QuotaCounter, Subject, Window

_TAKE = """
INSERT INTO users_quotacounter AS counter (kind, subject_id, metric, window_start, used)
SELECT %s, %s, %s, %s, %s WHERE %s <= %s
ON CONFLICT (kind, subject_id, metric, window_start)
DO UPDATE SET used = counter.used + excluded.used WHERE counter.used + excluded.used <= %s
RETURNING used
"""
NO_LIMIT = 2**63 - 1


def take(subject: Subject, metric: str, window: Window, amount: int, *, limit: int = NO_LIMIT) -> int | None:
    """Add `amount` unless the sum would exceed `limit`; return the sum, or None where nothing was added.

    The same on SQLite (3.35) and PostgreSQL. The row stays locked until the caller's transaction ends.
    """
    start = connection.ops.adapt_datetimefield_value(window.start)
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, [str(subject.kind), subject.id, str(metric), start, amount, amount, limit, limit])
        row = cursor.fetchone()
    if row is not None and row[0] == amount:
        _forget_older(subject, metric, window)
    return None if row is None else int(row[0])


def give_back(subject: Subject, metric: str, window: Window, amount: int) -> None:
    """Take `amount` off again, never below 0."""
    _rows(subject, metric).filter(window_start=window.start).update(used=Greatest(F("used") - amount, 0))


def used(subject: Subject, metric: str, window: Window) -> int:
    """Return what has been counted in this window so far."""
    found = _rows(subject, metric).filter(window_start=window.start).values_list("used", flat=True).first()
    return int(found or 0)


def _forget_older(subject: Subject, metric: str, window: Window) -> None:
    """A window's first row sweeps away those before the last one, so that the table does not grow with time."""
    length = window.end - window.start
    _rows(subject, metric).filter(window_start__lt=window.start - 2 * length).delete()


def _rows(subject: Subject, metric: str) -> QuerySet[QuotaCounter]:
    rows: QuerySet[QuotaCounter] = QuotaCounter.objects.filter(kind=subject.kind, subject_id=subject.id, metric=metric)
    return rows
