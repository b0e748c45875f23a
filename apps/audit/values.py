"""Which values the audit trail keeps: plain JSON that every database gives back as it was, and no secret."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

MASK = "•••"
"""Stands for a secret: the reader sees that it changed, not what it was."""
SECRETS = re.compile(r"password|passphrase|secret|encrypted|(api|private)_?key$|(^|_)(token|hash|otp|pin)(_|$)")
"""Names of fields; `tokens_per_second` and `adapter_sha256` are none of them."""
TEXT_LENGTH_MAX = 500


def is_secret(name: str) -> bool:
    """Return whether a field of this name may hold a secret."""
    return SECRETS.search(name.lower()) is not None


def keepable(fields: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the fields as they may be kept: secrets masked, long texts cut, everything plain JSON."""
    return {text(str(name)): MASK if is_secret(str(name)) else _plain(value) for name, value in (fields or {}).items()}


def text(value: str, *, length: int = TEXT_LENGTH_MAX) -> str:
    """Return a text that every database can store: no NUL, no half of a character pair, at most `length` long."""
    clean = value.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")
    return clean if len(clean) <= length else clean[: length - 1] + "…"


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, Mapping):
        return keepable(value)
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(item) for item in (sorted(value, key=str) if isinstance(value, set | frozenset) else value)]
    return text(str(value))


def _number(value: float) -> Any:
    """PostgreSQL's JSON has decimal numbers: 1e16 comes back as an integer. So a whole number is one from the start."""
    if not math.isfinite(value):
        return str(value)
    return int(value) if value.is_integer() else value
