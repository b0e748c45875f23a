"""Exact answers over a table: questions in plain words, answers copied from a row.

    index = RecordIndex.open(directory)
    decision = answer(index, "工行北京新华支行的联行号是多少")

Plain Python and numpy; no Django, no torch. How a question is decided: see `decision.answer`.
"""

from workers.inference.lookup.building import IndexSummary, build_index
from workers.inference.lookup.decision import Decision, answer
from workers.inference.lookup.evidence import STEP_TEXTS, Step
from workers.inference.lookup.index import IndexDamaged, Match, RecordIndex
from workers.inference.lookup.parsing import Slots
from workers.inference.lookup.schema import PRESETS, Column, SchemaError, TableSchema

__all__ = [
    "PRESETS",
    "STEP_TEXTS",
    "Column",
    "Decision",
    "IndexDamaged",
    "IndexSummary",
    "Match",
    "RecordIndex",
    "SchemaError",
    "Slots",
    "Step",
    "TableSchema",
    "answer",
    "build_index",
]
