"""Figures as people read them."""

from __future__ import annotations

from django import template
from django.utils.translation import gettext as _

register = template.Library()


@register.filter
def duration(seconds: float | None) -> str:
    """Return a span of seconds as "1 h 05 min", "3 min 20 s" or "12 s"; a dash for none."""
    if seconds is None:
        return "—"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return _("%(hours)d h %(minutes)02d min") % {"hours": hours, "minutes": minutes}
    if minutes:
        return _("%(minutes)d min %(seconds)02d s") % {"minutes": minutes, "seconds": rest}
    return _("%(seconds)d s") % {"seconds": rest}


@register.filter
def milliseconds(value: float | None) -> str:
    """Return milliseconds with as many digits as matter; a dash for none."""
    if value is None:
        return "—"
    return f"{value:.1f} ms" if value < 10 else f"{value:,.0f} ms"


@register.filter
def percent(share: float | None) -> str:
    """Return a share of 0 to 1 in percent with one digit; a dash for none."""
    return "—" if share is None else f"{100 * share:.1f} %"
