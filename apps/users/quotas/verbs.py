"""Verbs of quotas: spend, give back, ask for room, set. Whoever offers something that is limited calls these."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from math import ceil
from typing import Any, cast

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.module_loading import import_string

from apps.audit.services import record
from apps.core.errors import DomainError, QuotaExceeded
from apps.users.models import ApiKey, Quota, Unit, User
from apps.users.models.quotas import COUNTED, Metric, Subject, SubjectKind, Window, window_of
from apps.users.quotas import counting, rules, words

NEAR_PERCENT = 80


@dataclass(frozen=True)
class Standing:
    """How much of one quota is used. `resets_at` is None where only giving something up helps."""

    metric: str
    whose: Subject
    limit: int
    used: float
    resets_at: datetime | None

    @property
    def remaining(self) -> float:
        return max(0, self.limit - self.used)

    @property
    def percent(self) -> int:
        """What is used, in whole percent, 100 at most."""
        return 100 if self.used >= self.limit else int(100 * self.used / self.limit)

    @property
    def level(self) -> str:
        """ "full", "near" (from 80 %) or "fine": how much it should be noticed."""
        if self.percent == 100:
            return "full"
        return "near" if self.percent >= NEAR_PERCENT else "fine"

    @property
    def label(self) -> Any:
        return Metric(self.metric).label

    @property
    def headers(self) -> dict[str, str]:
        """X-RateLimit-Limit, -Remaining and, where it starts anew, -Reset (seconds from now)."""
        told = {"X-RateLimit-Limit": str(self.limit), "X-RateLimit-Remaining": str(int(self.remaining))}
        return told if self.wait is None else told | {"X-RateLimit-Reset": str(self.wait)}

    @property
    def wait(self) -> int | None:
        """Seconds until it starts anew, at least 1."""
        if self.resets_at is None:
            return None
        return max(1, ceil((self.resets_at - timezone.now()).total_seconds()))


def spend(user: Any, metric: str, amount: int = 1) -> Standing | None:
    """Count `amount` against every quota of a counted metric that applies to the user: against all of them, or none.

    Returns the one with the least left, None where nothing limits him. Raises QuotaExceeded.
    """
    limits = rules.limits_of(user, metric)
    if not limits:
        return None
    window = _window(metric)
    with transaction.atomic():
        standings = [_taken(subject, metric, window, amount, limit) for subject, limit in limits]
    return min(standings, key=lambda standing: standing.remaining)


def give_back(user: Any, metric: str, amount: int = 1) -> None:
    """Undo `spend` for something that was not delivered after all."""
    for subject, _limit in rules.limits_of(user, metric):
        counting.give_back(subject, metric, _window(metric), amount)


@contextmanager
def spending(user: Any, metric: str) -> Iterator[None]:
    """Spend 1 for what happens inside; it is given back when that fails. Raises QuotaExceeded."""
    spent = spend(user, metric)
    try:
        yield
    except BaseException:
        if spent is not None:
            give_back(user, metric)
        raise


def add(user: Any, metric: str, amount: int) -> None:
    """Count what has been used already, also beyond the limit: the next one is refused by `require_room`."""
    limits = rules.limits_of(user, metric) if amount else []
    for subject, _limit in limits:
        counting.take(subject, metric, _window(metric), amount)


def require_room(user: Any, metric: str, adding: float = 0) -> None:
    """Raise QuotaExceeded where a quota of the user is full, or would be exceeded by `adding`.

    For levels (storage, jobs, GPU hours) call it in the transaction that writes the row it is about: the quota stays
    locked until that ends, so two at a time cannot both take the last room.
    """
    limits = rules.limits_of(user, metric)
    if not limits:
        return
    if metric not in COUNTED:
        _lock([subject for subject, _limit in limits], metric)
    for subject, limit in limits:
        standing = _standing(subject, metric, limit)
        if standing.used >= limit or standing.used + adding > limit:
            raise refusal(standing)


def has_room(user: Any, metric: str, adding: float = 0) -> bool:
    """Return whether `require_room` would let it through."""
    try:
        require_room(user, metric, adding)
    except QuotaExceeded:
        return False
    return True


def standings_of(user: Any) -> list[Standing]:
    """Return where the user stands with every quota that applies to him, in the order of Metric."""
    return [
        _standing(subject, metric, limit)
        for metric in Metric.values
        for subject, limit in rules.limits_of(user, metric)
    ]


def standings_for(subject: Subject) -> dict[str, Standing]:
    """Return where one person, unit or key stands with its own quotas, by metric."""
    limits = ((metric, known.get(subject)) for metric, known in rules.current_limits().items())
    return {metric: _standing(subject, metric, limit) for metric, limit in limits if limit is not None}


def set_quotas(subject: Subject, limits: Mapping[str, int | None], *, actor: User) -> None:
    """Set the limits of a subject by metric; None takes one away, what is not named stays.

    Raises DomainError("invalid") with `fields` for levels of a key: what a key stored or ran is not known by its rows.
    """
    unfit = {metric for metric, limit in limits.items() if limit is not None and metric not in metrics_of(subject.kind)}
    if unfit:
        raise DomainError("invalid", words.not_for_keys(), fields=dict.fromkeys(unfit, words.not_for_keys()))
    with transaction.atomic():
        before = dict(Quota.objects.of(subject).select_for_update().values_list("metric", "limit"))
        changed = {metric: limit for metric, limit in limits.items() if before.get(metric) != limit}
        for metric, limit in changed.items():
            _write(subject, metric, limit)
        if changed:
            told = {"before": _told(before, changed), "after": _told(changed, changed)}
            record("quota.changed", actor=actor, target=row_of(subject), target_name=name_of(subject), **told)
        rules.forget()
        transaction.on_commit(rules.renew)


def metrics_of(kind: str) -> list[str]:
    """Return what can be limited for this kind of subject."""
    return [metric for metric in Metric.values if kind != SubjectKind.KEY or metric in COUNTED]


def row_of(subject: Subject) -> User | Unit | ApiKey | None:
    """Return who or what the subject is; None for everybody, and for what no longer exists."""
    models: dict[str, Any] = {SubjectKind.USER: User, SubjectKind.UNIT: Unit, SubjectKind.KEY: ApiKey}
    model = models.get(subject.kind)
    row: User | Unit | ApiKey | None = model and model.objects.filter(pk=subject.id).first()
    return row


def name_of(subject: Subject) -> str:
    """Return what people call the subject."""
    row = row_of(subject)
    return str(row) if row is not None else str(SubjectKind(subject.kind).label)


def refusal(standing: Standing) -> QuotaExceeded:
    """Return the error that says which quota is used up, whose it is and when it starts anew."""
    values = {
        "metric": standing.metric,
        "limit": standing.limit,
        "used": round(standing.used, 2),
        "resets_at": standing.resets_at.isoformat() if standing.resets_at else None,
        "whose": standing.whose.kind,
    }
    return QuotaExceeded(words.sentence(standing), values=values, headers=standing.headers, wait=standing.wait)


def _taken(subject: Subject, metric: str, window: Window, amount: int, limit: int) -> Standing:
    used = counting.take(subject, metric, window, amount, limit=limit)
    if used is None:
        raise refusal(_standing(subject, metric, limit))
    return Standing(metric=metric, whose=subject, limit=limit, used=used, resets_at=window.end)


def _standing(subject: Subject, metric: str, limit: int) -> Standing:
    window = window_of(metric)
    if metric in COUNTED:
        used: float = counting.used(subject, metric, _window(metric))
    else:
        used = sum(import_string(settings.QUOTA_LEVELS[metric])(_people(subject)).values())
    return Standing(metric=metric, whose=subject, limit=limit, used=used, resets_at=window.end if window else None)


def _people(subject: Subject) -> Any:
    """Return the ids of the users whose rows count: a list, or a subquery for a unit and all units below."""
    if subject.kind == SubjectKind.UNIT:
        return User.objects.filter(groups__unit=subject.id).values("pk")
    return [int(subject.id)]


def _lock(subjects: list[Subject], metric: str) -> None:
    """Keep the quotas for this transaction, in one order. SQLite needs nothing: it has one writer."""
    kinds = {*(subject.kind for subject in subjects), SubjectKind.EVERYBODY}
    rows = Quota.objects.filter(metric=metric, kind__in=kinds, subject_id__in=["", *(s.id for s in subjects)])
    list(rows.order_by("kind", "subject_id").select_for_update().values_list("pk"))


def _window(metric: str) -> Window:
    return cast(Window, window_of(metric))  # every counted metric has one


def _told(limits: Mapping[str, int | None], metrics: Iterable[str]) -> dict[str, Any]:
    """As texts: a field called "tokens" would be taken for a secret, and masked."""
    return {"limits": [f"{metric}: {limits.get(metric)}" for metric in metrics]}


def _write(subject: Subject, metric: str, limit: int | None) -> None:
    if limit is None:
        Quota.objects.of(subject).filter(metric=metric).delete()
    else:
        Quota.objects.update_or_create(
            kind=subject.kind, subject_id=subject.id, metric=metric, defaults={"limit": limit}
        )
