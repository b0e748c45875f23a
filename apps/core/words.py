"""Small words of the interface that depend on the language."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext


def listed(items: Iterable[object]) -> str:
    """Return the items in one line, with the separator of the reader's language."""
    return gettext(", ").join(map(str, items))
