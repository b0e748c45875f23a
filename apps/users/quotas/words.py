"""What people are told about quotas."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.template.defaultfilters import date, filesizeformat
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.users.models.quotas import Metric, SubjectKind

if TYPE_CHECKING:
    from apps.users.quotas.verbs import Standing


def sentence(standing: Standing) -> str:
    """Say which quota is used up, whose it is, and what helps."""
    facts = {
        "metric": standing.label,
        "used": quantity(standing.metric, standing.used),
        "limit": quantity(standing.metric, standing.limit),
        "time": moment(standing.resets_at) if standing.resets_at else "",
    }
    said = {"quota": _whose(standing.whose.kind) % facts, "remedy": _remedy(standing) % facts}
    return _("%(quota)s %(remedy)s") % said


def quantity(metric: str, amount: float) -> str:
    """Return an amount of the metric as people write it: "1.2 GB", "3.5", "12,000"."""
    if metric == Metric.STORAGE:
        return filesizeformat(amount)
    return f"{amount:,.1f}" if amount != int(amount) else f"{int(amount):,}"


def moment(at: Any) -> str:
    """Return a point in time as it is said today: only the clock where it is today, else the day."""
    local, now = timezone.localtime(at), timezone.localtime()
    same_day = local.date() == now.date()
    return date(local, "H:i") if same_day else date(local, "Y-m-d H:i")


def not_for_keys() -> str:
    return _("This cannot be limited for a key. Limit it for the person.")


def _whose(kind: str) -> str:
    match kind:
        case SubjectKind.UNIT:
            return _("Your unit's quota “%(metric)s” is used up (%(used)s of %(limit)s).")
        case SubjectKind.KEY:
            return _("The quota “%(metric)s” of this API key is used up (%(used)s of %(limit)s).")
    return _("Your quota “%(metric)s” is used up (%(used)s of %(limit)s).")


def _remedy(standing: Standing) -> str:
    if standing.resets_at is not None:
        return _("It starts anew at %(time)s.")
    if standing.metric == Metric.STORAGE:
        return _("Remove data that is no longer needed, or ask an administrator for more.")
    return _("Wait until one of your jobs has ended, or ask an administrator for more.")
