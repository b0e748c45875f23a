"""What a line of the trainer's output means for the job: one JSON event each, anything else is log text."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import Any

from apps.training.events import Draft

TRAINER_KINDS = frozenset(
    {"started", "examples", "log", "progress", "validation", "evaluation", "finished", "cancelled", "failed"}
)
MESSAGE_CHARACTERS_MAX = 4_000


def parse(line: str) -> Draft | None:
    """Return the event of a line, or None for a blank one. Nothing a program can print makes this raise.

    NaN and infinity become null, NUL characters vanish, half surrogates become "?": no database stores them as JSON.
    """
    line = line.replace("\x00", "").strip()
    if not line:
        return None
    try:
        event = json.loads(_storable(line), parse_constant=lambda _: None, parse_float=_finite)
    except (ValueError, RecursionError):
        return log(line)
    if not isinstance(event, dict) or event.get("kind") not in TRAINER_KINDS:
        return log(line)
    payload = event.get("payload")
    return Draft(event["kind"], payload if isinstance(payload, dict) else {})


def _storable(line: str) -> str:
    line = line.replace("\\u0000", "")
    if "\\ud" in line.lower():
        line = json.dumps(json.loads(line), ensure_ascii=False).encode("utf-8", "replace").decode()
    return line


def _finite(digits: str) -> float | None:
    number = float(digits)
    return number if math.isfinite(number) else None


def log(message: str, *, level: str = "info") -> Draft:
    return Draft("log", {"level": level, "message": message[:MESSAGE_CHARACTERS_MAX]})


def summary_of(drafts: Sequence[Draft]) -> dict[str, Any]:
    """Return the columns of the job that these events change: the newest progress."""
    for draft in reversed(drafts):
        if draft.kind == "progress":
            columns = {
                "step": _whole(draft.payload.get("step")),
                "total_steps": _whole(draft.payload.get("total_steps")),
                "last_loss": _number(draft.payload.get("loss")),
                "eta_seconds": _number(draft.payload.get("eta_seconds")),
            }
            return {name: value for name, value in columns.items() if value is not None}
    return {}


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _whole(value: object) -> int | None:
    number = _number(value)
    return int(number) if number is not None and 0 <= number < 2**31 else None
