"""How people narrow the audit trail down."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.forms import DateField
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import DropdownFilter, RangeDateFilter

from apps.audit.actions import GROUPS


class GroupFilter(DropdownFilter):
    title = _("kind of act")
    parameter_name = "group"

    def lookups(self, request: Any, model_admin: Any) -> list[tuple[str, str]]:
        return [(key, str(group.label)) for key, group in GROUPS.items()]

    def queryset(self, request: Any, queryset: Any) -> Any:
        group = GROUPS.get(self.value() or "")
        return queryset.filter(action__in=list(group.actions)) if group else queryset


class DaysFilter(RangeDateFilter):
    """Whole days of the product's time zone, the first and the last included."""

    def queryset(self, request: Any, queryset: Any) -> Any:
        first, last = (self._day(end) for end in ("from", "to"))
        if first:
            queryset = queryset.filter(at__gte=first)
        return queryset.filter(at__lt=last + timedelta(days=1)) if last else queryset

    def _day(self, end: str) -> datetime | None:
        """Return midnight of the day that was given, or None; what is no date narrows nothing down."""
        try:
            day = DateField(required=False).clean(self.used_parameters.get(f"{self.parameter_name}_{end}"))
        except ValidationError:
            return None
        return timezone.make_aware(datetime.combine(day, time.min)) if day else None
