"""Answers from the rows of a dataset: the index finds, the tuned model reads what the rules leave open."""

from __future__ import annotations

import logging
import time
from dataclasses import asdict
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from apps.core.errors import DomainError
from apps.registry.answers import Answer
from apps.registry.models import ModelVersion
from apps.registry.plugins import engine
from workers.inference.lookup import Decision, IndexDamaged, RecordIndex, Slots, TableSchema
from workers.inference.lookup import answer as look_up
from workers.inference.lookup.parsing import build_messages, parse_slots

logger = logging.getLogger(__name__)

OPEN_INDEXES = 8


@lru_cache(maxsize=OPEN_INDEXES)
def open_index(directory: Path) -> RecordIndex:
    """Return the index of a finalised dataset version. Its files never change, so it is opened once per process.

    Opening maps files (milliseconds) and takes no lock: while one thread opens, others go on answering from theirs.
    """
    return RecordIndex.open(directory)


def answer(question: str, *, version: ModelVersion, dataset_version: Any) -> Answer:
    """See answers.Plugin. Raises DomainError("index_damaged")."""
    started = time.perf_counter()
    reader = _Reader(version)
    try:
        index = open_index(dataset_version.index_directory)
        decision = look_up(index, question, parse=reader)
    except IndexDamaged as error:
        logger.exception("Index of dataset version %s", dataset_version.pk)
        raise DomainError("index_damaged", _index_damaged()) from error
    return Answer(
        outcome=decision.outcome,
        model_version=version,
        dataset_version=dataset_version,
        field=decision.field,
        records=[match.cells for match in decision.records],
        nearest=[match.cells for match in decision.nearest],
        clarify_question=decision.clarify_question,
        summary=_summary(decision, index.schema),
        evidence=_evidence(decision, reader),
        decided_by=decision.decided_by,
        latency_ms=round((time.perf_counter() - started) * 1000, 3),
        tokens=reader.tokens,
    )


def prepare(version: ModelVersion) -> None:
    """Open the index and tell the engine where the adapter lies; what fails is done with the first question."""
    try:
        if dataset_version := version.model.dataset.active_version:
            open_index(dataset_version.index_directory)
        engine.load(version)
    except (IndexDamaged, engine.EngineUnavailableError) as error:
        logger.warning("%s is active but not warm: %s", version, error)


class _Reader:
    """`parse` of the lookup: asks the engine, and remembers what came of it for the evidence."""

    def __init__(self, version: ModelVersion) -> None:
        self.version = version
        self.outcome = "not_asked"
        self.milliseconds = 0.0
        self.tokens = 0

    def __call__(self, question: str) -> Slots | None:
        started = time.perf_counter()
        try:
            said = engine.complete(self.version, build_messages(question))
            self.tokens += said.tokens
            slots = parse_slots(said.text, question=question)
            self.outcome = "read" if slots else "unusable"
        except engine.EngineUnavailableError as error:
            slots, self.outcome = None, error.reason
        self.milliseconds = round((time.perf_counter() - started) * 1000, 3)
        return slots


def _evidence(decision: Decision, reader: _Reader) -> dict[str, Any]:
    return {
        "steps": [asdict(step) for step in decision.evidence],
        "rows": [match.row_number for match in decision.records],
        "slots": asdict(decision.slots) if decision.slots else None,
        "engine": reader.outcome,
        "engine_ms": reader.milliseconds,
    }


def _summary(decision: Decision, schema: TableSchema) -> str:
    """The first row's name and the cell that was asked for, in one line, and how many rows more there are."""
    if decision.outcome != "answered":
        return ""
    cells = decision.records[0].cells
    name = schema.name_column.key
    asked = decision.field if decision.field in cells and decision.field != name else ""
    identifier = schema.identifier_column
    value = cells.get(asked or (identifier.key if identifier else ""), "")
    more = f"+{len(decision.records) - 1}" if len(decision.records) > 1 else ""
    return " · ".join(part for part in (cells[name], value, more) if part)


def _index_damaged() -> str:
    return _("The search index of the active data cannot be read. An administrator has to import the data again.")
