"""Accuracy on 150,000 rows, where they are at hand; the full figures come from tests/benchmarks/bench_lookup.py."""

from __future__ import annotations

import random

import pytest

from tests.benchmarks.bench_lookup import SHARED, make_questions, read_rows
from workers.inference.lookup import PRESETS, RecordIndex, answer, build_index

pytestmark = pytest.mark.skipif(not SHARED.is_file(), reason="../shared/data/directory150k.csv.gz is not here")


@pytest.fixture(scope="module")
def rows() -> list[list[str]]:
    return read_rows(SHARED)


@pytest.fixture(scope="module")
def index(rows: list[list[str]], tmp_path_factory: pytest.TempPathFactory) -> RecordIndex:
    folder = tmp_path_factory.mktemp("real") / "index"
    build_index(rows, schema=PRESETS["bank_branches"], directory=folder)
    return RecordIndex.open(folder)


def test_named_places_are_answered_rightly_and_unknown_branches_never(
    index: RecordIndex, rows: list[list[str]]
) -> None:
    wrong, answered, existing = [], 0, 0
    for asked in make_questions(rows, rng=random.Random(23), count=150):
        if asked.group == "no place":  # a branch's word alone can be the whole name of another row
            continue
        decision = answer(index, asked.text)
        existing += asked.row is not None
        if decision.outcome == "answered":
            answered += 1
            if asked.row not in [match.row_number for match in decision.records]:
                wrong.append((asked.text, decision.records[0].cells["name"]))

    assert wrong == []
    assert answered >= 0.95 * existing
