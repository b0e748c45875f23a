"""How much may be used, by whom, and how much of what is counted has been used."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.core.access import AccessQuerySet
from apps.core.models import Identified


class SubjectKind(models.TextChoices):
    """Whose quota it is. EVERYBODY is the default of each single person; units and keys are ceilings on top."""

    EVERYBODY = "everybody", _("everybody")
    UNIT = "unit", _("unit")
    USER = "user", _("user")
    KEY = "key", _("API key")


class Subject(NamedTuple):
    """`id` is the primary key as text; empty for everybody."""

    kind: str
    id: str = ""


EVERYBODY = Subject(SubjectKind.EVERYBODY)


class Metric(models.TextChoices):
    REQUESTS = "requests", _("API requests per minute")
    QUESTIONS = "questions", _("Questions per day")
    TOKENS = "tokens", _("Tokens per month")
    STORAGE = "storage", _("Storage")
    JOBS = "jobs", _("Training jobs at a time")
    GPU_HOURS = "gpu_hours", _("GPU hours per month")


class Window(NamedTuple):
    """The span in which something is counted: start (inclusive) and end (exclusive), aware, in local time."""

    start: datetime
    end: datetime


PERIODS: dict[str, str] = {
    Metric.REQUESTS: "minute",
    Metric.QUESTIONS: "day",
    Metric.TOKENS: "month",
    Metric.GPU_HOURS: "month",
}
COUNTED = (Metric.REQUESTS, Metric.QUESTIONS, Metric.TOKENS)
"""These have counters. The others are levels: computed from the rows that cause them (settings.QUOTA_LEVELS)."""


def window_of(metric: str, moment: datetime | None = None) -> Window | None:
    """Return the window of a metric that `moment` (now) falls in, by the clock of TIME_ZONE; None where none counts."""
    now = timezone.localtime(moment)
    match PERIODS.get(metric):
        case "minute":
            start = now.replace(second=0, microsecond=0)
            return Window(start, start + timedelta(minutes=1))
        case "day":
            return Window(_midnight(now), _midnight(now + timedelta(days=1)))
        case "month":
            first = _midnight(now.replace(day=1))
            return Window(first, _midnight((first + timedelta(days=32)).replace(day=1)))
    return None


def _midnight(moment: datetime) -> datetime:
    return timezone.make_aware(datetime(moment.year, moment.month, moment.day))  # noqa: DTZ001  (made aware here)


class QuotaQuerySet(AccessQuerySet):
    """Who holds `view_quota` sees all. (What applies to oneself is told by apps.users.quotas.standings_of.)"""

    def of(self, subject: Subject) -> QuotaQuerySet:
        return self.filter(kind=subject.kind, subject_id=subject.id)


class Quota(Identified):
    kind = models.CharField(_("for"), max_length=10, choices=SubjectKind.choices)
    subject_id = models.CharField(max_length=40, blank=True)
    metric = models.CharField(_("what"), max_length=20, choices=Metric.choices)
    limit = models.PositiveBigIntegerField(_("limit"))

    objects = QuotaQuerySet.as_manager()

    class Meta:
        verbose_name = _("quota")
        verbose_name_plural = _("quotas")
        default_permissions = ["view", "change"]
        constraints = [
            models.UniqueConstraint(fields=["kind", "subject_id", "metric"], name="users_quota_once"),
            models.CheckConstraint(
                condition=Q(kind="everybody", subject_id="") | (~Q(kind="everybody") & ~Q(subject_id="")),
                name="users_quota_everybody_has_no_id",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.subject_id}: {self.get_metric_display()} {self.limit}"

    @property
    def subject(self) -> Subject:
        return Subject(self.kind, self.subject_id)


class QuotaCounter(models.Model):
    """What a subject has used in a window. Written by one statement of apps.users.quotas.counting alone."""

    kind = models.CharField(max_length=10, choices=SubjectKind.choices)
    subject_id = models.CharField(max_length=40)
    metric = models.CharField(max_length=20, choices=Metric.choices)
    window_start = models.DateTimeField()
    used = models.PositiveBigIntegerField()

    objects: Any = models.Manager()

    class Meta:
        verbose_name = _("quota counter")
        verbose_name_plural = _("quota counters")
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "subject_id", "metric", "window_start"], name="users_quota_counter_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject_id} {self.metric} {self.window_start:%Y-%m-%d %H:%M}: {self.used}"
