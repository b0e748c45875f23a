"""Amounts of what quotas limit, as people read them."""

from __future__ import annotations

from datetime import datetime

from django import template

from apps.users.quotas import Standing, words

register = template.Library()


@register.filter
def used(standing: Standing) -> str:
    """Return what is used, in the unit of its metric."""
    return words.quantity(standing.metric, standing.used)


@register.filter
def limit(standing: Standing) -> str:
    """Return the limit, in the unit of its metric."""
    return words.quantity(standing.metric, standing.limit)


@register.filter
def moment(at: datetime) -> str:
    """Return a point in time as it is said today."""
    return words.moment(at)


@register.filter
def plain(number: float) -> str:
    """Return a number for SVG: with a point, whatever the reader's language."""
    return f"{number:g}"
