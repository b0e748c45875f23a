from __future__ import annotations

import json
import random
from dataclasses import replace

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from apps.datasets.readers import LINE
from apps.datasets.twins import marks_of, part_twins, suspects
from workers.inference.lookup.schema import PRESETS, Column, TableSchema

BRANCHES = PRESETS["bank_branches"]


def lined(*rows: tuple[str, ...], schema: TableSchema = BRANCHES) -> pl.DataFrame:
    types = {LINE: pl.UInt32, **dict.fromkeys(schema.keys, pl.String)}
    return pl.DataFrame([(line, *cells) for line, cells in enumerate(rows, 2)], schema=types, orient="row")


def part(*rows: tuple[str, ...], schema: TableSchema = BRANCHES) -> tuple[list[int], list[tuple[int, str, str, int]]]:
    """The lines that stay, and (line, code, value, line of the first) of what was found."""
    kept, issues = part_twins(lined(*rows, schema=schema), schema)
    found = [
        (line, code, value, json.loads(params)["first"])
        for line, code, value, params in issues.select("line", "code", "value", "params").iter_rows()
    ]
    return kept[LINE].to_list(), found


def with_identifier(**changes) -> TableSchema:
    name, code, clearing = BRANCHES.columns
    return replace(BRANCHES, columns=(name, replace(code, **changes), clearing))


def test_rows_without_twins_all_stay():
    assert part(("甲", "1", ""), ("乙", "2", "")) == ([2, 3], [])


def test_same_row_twice_is_kept_once():
    assert part(("甲", "1", ""), ("乙", "2", ""), ("甲", "1", "")) == ([2, 3], [(4, "duplicate_row", "甲 | 1 | ", 2)])


def test_same_identifier_and_name_with_other_cells_is_told_apart():
    found = [(3, "duplicate_identifier_same_name", "1", 2)]
    assert part(("甲", "1", ""), ("甲", "1", "9")) == ([2], found)


def test_same_identifier_with_another_name_keeps_the_first():
    assert part(("甲", "1", ""), ("乙", "1", ""), ("丙", "1", "")) == (
        [2],
        [(3, "duplicate_identifier", "1", 2), (4, "duplicate_identifier", "1", 2)],
    )


def test_same_name_with_another_identifier_is_a_warning():
    assert part(("甲", "1", ""), ("甲", "2", "")) == ([2, 3], [(3, "duplicate_name", "甲", 2)])


def test_row_that_is_skipped_warns_of_no_name():
    assert part(("甲", "1", ""), ("乙", "1", ""), ("乙", "2", ""))[1] == [(3, "duplicate_identifier", "1", 2)]


def test_unique_may_be_a_warning():
    kept, found = part(("甲", "1", ""), ("乙", "1", ""), schema=with_identifier(warn=("unique",)))
    assert (kept, found) == ([2, 3], [(3, "duplicate_identifier", "1", 2)])


def test_identifier_that_need_not_be_unique_may_repeat():
    assert part(("甲", "1", ""), ("乙", "1", ""), schema=with_identifier(unique=False)) == ([2, 3], [])


def test_blank_cells_are_no_twins():
    schema = with_identifier(required=False)
    assert part(("甲", "", ""), ("乙", "", ""), schema=schema) == ([2, 3], [])
    assert part(("甲", "", ""), ("甲", "", ""), schema=schema) == ([2], [(3, "duplicate_row", "甲 |  | ", 2)])


def test_every_unique_column_is_judged_and_same_rows_need_no_identifier():
    schema = TableSchema(
        kind="people",
        columns=(
            Column(key="name", label="Name", role="name", unique=True),
            Column(key="tag", label="Tag", unique=True),
        ),
    )
    rows = [("a", "x"), ("a", "y"), ("b", "x"), ("a", "x"), ("c", "z")]
    assert part(*rows, schema=schema) == (
        [2, 6],
        [(5, "duplicate_row", "a | x", 2), (3, "duplicate_name", "a", 2), (4, "duplicate_identifier", "x", 2)],
    )


def test_suspects_are_the_lines_that_share_something_that_may_not_repeat():
    rows = lined(("甲", "1", "9"), ("乙", "2", "9"), ("甲", "3", "9"), ("丙", "2", "9"), ("丁", "4", "9"))
    assert suspects(marks_of(rows, BRANCHES)).sort().to_list() == [2, 3, 4, 5]


def test_hashes_are_the_same_in_every_block():
    blocks = (
        lined(("甲", "1", ""), ("乙", "2", "")),
        lined(("甲", "1", "")).with_columns(pl.lit(9, pl.UInt32).alias(LINE)),
    )
    marks = pl.concat([marks_of(block, BRANCHES) for block in blocks])
    assert suspects(marks).sort().to_list() == [2, 9]


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(
    "schema",
    [BRANCHES, with_identifier(required=False), with_identifier(unique=False), with_identifier(warn=("unique",))],
)
def test_twins_are_told_from_suspects_alone_as_from_all_rows(schema, seed):
    chance = random.Random(seed)
    choices = [*"abcdefghijklmnopqrstuvwxyz", ""]
    rows = lined(*(tuple(chance.choice(choices[at:]) for at in (0, 8, 20)) for _ in range(30)), schema=schema)
    among = suspects(marks_of(rows, schema))
    assert 0 < len(among) <= rows.height
    kept, issues = part_twins(rows, schema)
    kept_of_them, issues_of_them = part_twins(rows.filter(pl.col(LINE).is_in(among.implode())), schema)
    assert_frame_equal(issues_of_them, issues)
    others = rows.filter(~pl.col(LINE).is_in(among.implode()))
    assert_frame_equal(pl.concat([kept_of_them, others]).sort(LINE), kept)
