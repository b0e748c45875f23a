"""Where many people stand at once, for the console: a handful of queries for a page of them."""

from __future__ import annotations

from collections.abc import Sequence

from django.conf import settings
from django.utils.module_loading import import_string

from apps.users.models import QuotaCounter, Unit, User
from apps.users.models.quotas import COUNTED, EVERYBODY, Metric, Subject, SubjectKind, window_of
from apps.users.quotas import rules
from apps.users.quotas.verbs import Standing, standings_for


def limited_metrics() -> list[str]:
    """Return what is limited for anybody, in the order of Metric."""
    known = rules.current_limits()
    return [metric for metric in Metric.values if known.get(metric)]


def people_standings(people: Sequence[User]) -> list[tuple[User, list[Standing | None]]]:
    """Return each person with his standing in every limited metric (None where nothing limits him there)."""
    metrics = limited_metrics()
    used = {metric: _used_by(people, metric) for metric in metrics}
    return [(person, [_personal(person, metric, used[metric]) for metric in metrics]) for person in people]


def unit_standings() -> list[tuple[Unit, list[Standing | None]]]:
    """Return every unit that has a quota of its own, with its standings in every limited metric."""
    metrics = limited_metrics()
    limits = rules.current_limits().values()
    ids = {subject.id for known in limits for subject in known if subject.kind == SubjectKind.UNIT}
    units = Unit.objects.filter(pk__in=ids)
    found = ((unit, standings_for(Subject(SubjectKind.UNIT, str(unit.pk)))) for unit in units)
    return [(unit, [standings.get(metric) for metric in metrics]) for unit, standings in found]


def _personal(person: User, metric: str, used: dict[int, float]) -> Standing | None:
    known, own = rules.current_limits()[metric], Subject(SubjectKind.USER, str(person.pk))
    limit = known.get(own, known.get(EVERYBODY))
    if limit is None:
        return None
    window = window_of(metric)
    resets_at = window.end if window else None
    return Standing(metric=metric, whose=own, limit=limit, used=used.get(person.pk, 0), resets_at=resets_at)


def _used_by(people: Sequence[User], metric: str) -> dict[int, float]:
    ids = [person.pk for person in people]
    window = window_of(metric)
    if metric not in COUNTED or window is None:
        found: dict[int, float] = import_string(settings.QUOTA_LEVELS[metric])(ids)
        return found
    mine = {"kind": SubjectKind.USER, "subject_id__in": [str(pk) for pk in ids], "metric": metric}
    rows = QuotaCounter.objects.filter(**mine, window_start=window.start)
    return {int(subject): used for subject, used in rows.values_list("subject_id", "used")}
