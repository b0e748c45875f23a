"""The parse task: a question in, slots out. The one definition shared by the trainer and whoever asks the engine.

A slot is copied from the question, never invented; what is not there is empty.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

# What a question can ask for: a column of the record table, or every fitting row.
FIELDS = ("code", "clearing_code", "name", "list")
SYSTEM_PROMPT = "把问题解析成JSON。"


@dataclass(frozen=True)
class Slots:
    """`field` is one of FIELDS; the others are spans of the question, or empty."""

    field: str
    bank: str = ""
    place: str = ""
    branch: str = ""


_KEYS = ("field", "bank", "place", "branch")


def build_messages(question: str) -> list[dict[str, str]]:
    """The chat messages that ask a model for the slots of `question`."""
    return [{"role": "system", "content": SYSTEM_PROMPT}, {"role": "user", "content": question}]


def format_slots(slots: Slots) -> str:
    """The one answer that is right for `slots`: compact JSON, keys in a fixed order."""
    return json.dumps(asdict(slots), ensure_ascii=False, separators=(",", ":"))


def parse_slots(text: str, *, question: str) -> Slots | None:
    """The slots a model wrote about `question`, or None where it broke the contract.

    Refused: invalid JSON, missing or unknown keys, values that are not text, an unknown field, spans that the question
    does not contain. A doubtful answer is no answer: the caller goes on with what the rules found.
    """
    try:
        values = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(values, dict) or set(values) != set(_KEYS):
        return None
    if not all(isinstance(value, str) for value in values.values()) or values["field"] not in FIELDS:
        return None
    if any(values[key] not in question for key in ("bank", "place", "branch")):
        return None
    return Slots(**values)
