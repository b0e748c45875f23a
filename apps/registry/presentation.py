"""Answers as people read them: rows as cards, evidence as sentences in the reader's language."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from typing import Any, Protocol

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from workers.inference.lookup import STEP_TEXTS, TableSchema

GROUP = 4
SHORTEST_GROUPED = 8

_EMPTY_PART = re.compile(r"([:：·] *)(?:· *)+")
"""A part of a reading that the question leaves out, between its separators."""

ENGINE_TEXTS = {
    "resting": _("The engine has not answered lately and is left alone for some seconds: rules and index decided."),
    "away": _("The engine could not be reached: rules and index decided."),
    "slow": _("The engine did not answer in time: rules and index decided."),
    "busy": _("The engine had too much to do: rules and index decided."),
    "refused": _("The engine could not answer with this version: rules and index decided."),
    "unusable": _("What the model wrote was no valid reading of the question and was not used."),
}


@dataclass(frozen=True)
class Cell:
    """A labelled cell; `groups` are the digits of a long number in fours, to be read, never to be copied."""

    label: str
    value: str
    groups: tuple[str, ...]
    is_asked: bool


@dataclass(frozen=True)
class Card:
    """A row: its name, its other cells with the one that was asked for first, and the question that names it."""

    name: str
    cells: tuple[Cell, ...]
    is_name_asked: bool
    question: str


class Answered(Protocol):
    """An answer, kept as a question's row or just given."""

    @property
    def field(self) -> Any: ...

    @property
    def records(self) -> Any: ...

    @property
    def nearest(self) -> Any: ...

    @property
    def evidence(self) -> Any: ...

    @property
    def clarify_question(self) -> Any: ...

    @property
    def dataset_version(self) -> Any: ...


def of(answer: Answered) -> dict[str, Any]:
    """Return the template variables `cards`, `nearest`, `reasons` and `headline` of an answer.

    Reads the dataset's schema: select `dataset_version__dataset` along with the answer.
    """
    schema = answer.dataset_version.table_schema
    return {
        "cards": [card(row, schema=schema, asked=answer.field) for row in answer.records],
        "nearest": [card(row, schema=schema, asked=answer.field) for row in answer.nearest],
        "reasons": reasons(answer.evidence),
        "headline": gettext(answer.clarify_question) if answer.clarify_question else "",
    }


def card(row: dict[str, str], *, schema: TableSchema, asked: str) -> Card:
    name_key = schema.name_column.key
    identifier = schema.identifier_column
    shown = asked if asked in row and asked != name_key else identifier.key if identifier else ""
    columns = sorted((column for column in schema.columns if column.key != name_key), key=lambda one: one.key != shown)
    name = row.get(name_key, "")
    cells = (_cell(column.label, row.get(column.key, ""), is_asked=column.key == shown) for column in columns)
    question = f"{name} {schema.columns[schema.position(asked)].label}" if _needs_saying(asked, schema) else name
    return Card(name=name, cells=tuple(cells), is_name_asked=asked == name_key, question=question)


def reasons(evidence: dict[str, Any]) -> list[str]:
    """Return the steps of the decision as sentences in the active language."""
    return [_sentence(step, engine=evidence.get("engine", "")) for step in evidence.get("steps", ())]


def _sentence(step: dict[str, Any], *, engine: str) -> str:
    if step["code"] == "model_silent" and engine in ENGINE_TEXTS:
        return str(ENGINE_TEXTS[engine])  # why it was silent, rather than that it was
    text = STEP_TEXTS.get(step["code"], step["code"].replace("%", "%%"))
    filled = gettext(text) % defaultdict(str, step.get("params", {}))
    return _EMPTY_PART.sub(r"\1", filled).strip(" ·")


def _cell(label: str, value: str, *, is_asked: bool) -> Cell:
    is_long_number = value.isdecimal() and len(value) >= SHORTEST_GROUPED
    starts = range(0, len(value), GROUP) if is_long_number else ()
    return Cell(label, value, tuple(value[start : start + GROUP] for start in starts), is_asked)


def _needs_saying(asked: str, schema: TableSchema) -> bool:
    """Whether a full name alone would ask for another column than was asked for."""
    default = schema.identifier_column or schema.name_column
    return asked in schema.keys and asked not in (default.key, schema.name_column.key)
