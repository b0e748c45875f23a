"""The small matrix in which limits are set: a field for every metric, empty where nothing is set."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminTextInputWidget

from apps.users.models import Quota
from apps.users.models.quotas import Metric, Subject
from apps.users.quotas.verbs import metrics_of

MEGABYTE = 2**20
LIMIT_MAX = 2**62


class QuotaForm(forms.Form):
    """Limits of one subject. Storage is typed in megabytes and kept in bytes."""

    def __init__(self, subject: Subject, *args: Any, **kwargs: Any) -> None:
        kept = dict(Quota.objects.of(subject).values_list("metric", "limit"))
        kwargs["initial"] = {metric: _shown(metric, limit) for metric, limit in kept.items()}
        super().__init__(*args, **kwargs)
        for metric in metrics_of(subject.kind):
            self.fields[metric] = _field(metric)

    def limits(self) -> dict[str, int | None]:
        """Return what was typed, by metric, in the units that are kept; None where a field is empty."""
        typed = ((metric, self.cleaned_data[metric]) for metric in self.fields)
        return {metric: None if value is None else _kept(metric, value) for metric, value in typed}


def _field(metric: str) -> forms.Field:
    widget = UnfoldAdminTextInputWidget(attrs={"inputmode": "decimal", "placeholder": "—", "autocomplete": "off"})
    wrong = {"invalid": _("A number, or nothing.")}
    if metric == Metric.STORAGE:
        most = LIMIT_MAX // MEGABYTE
        return forms.DecimalField(
            label=_("Storage (MB)"), min_value=0, max_value=most, required=False, widget=widget, error_messages=wrong
        )
    label = Metric(metric).label
    return forms.IntegerField(
        label=label, min_value=0, max_value=LIMIT_MAX, required=False, widget=widget, error_messages=wrong
    )


def _shown(metric: str, limit: int) -> Any:
    return (Decimal(limit) / MEGABYTE).normalize() if metric == Metric.STORAGE else limit


def _kept(metric: str, value: Any) -> int:
    return int(value * MEGABYTE) if metric == Metric.STORAGE else int(value)
