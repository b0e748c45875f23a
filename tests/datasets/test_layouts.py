"""Where the columns are: recognised, kept as plain data, found again in the next file of the same kind."""

from __future__ import annotations

import pytest

from apps.datasets.columns import find_layout, width_of
from apps.datasets.layouts import (
    BY_CONTENT,
    BY_HEADER,
    HEADER_WITHIN,
    REMEMBERED,
    Layout,
    LayoutError,
    recall,
    refit,
    signature,
)
from tests.datasets.conftest import HEADER, code, row
from workers.inference.lookup.schema import PRESETS, Column, TableSchema

SCHEMA = PRESETS["bank_branches"]
ROWS = [row(serial).split(",") for serial in range(30)]
HEAD = HEADER.split(",")


def places(rows, schema=SCHEMA) -> dict[str, int | None]:
    layout = find_layout(rows, schema)
    return dict(zip(layout.keys, layout.positions, strict=True))


def test_header_words_tell_the_columns_in_any_order():
    layout = find_layout([["序号", "大额行号", "清算行号", "网点名称"], ["7", code(1), "", "某某支行"]], SCHEMA)
    assert layout.positions == (3, 1, 2)
    assert set(layout.found_by) == {BY_HEADER}
    assert layout.ignored == ("序号",)


def test_without_a_header_the_content_tells():
    layout = find_layout([[c, n, k] for n, c, k in ROWS], SCHEMA)
    assert (layout.positions, layout.rows_above) == ((1, 0, 2), 0)
    assert set(layout.found_by) == {BY_CONTENT}


@pytest.mark.parametrize("above", [1, 5, HEADER_WITHIN - 1])
def test_titles_above_the_header_are_passed_over(above):
    titles = [["全国联行号表", "", ""], ["截至2026年", "", ""]] * 10
    layout = find_layout([*titles[:above], HEAD, *ROWS], SCHEMA)
    assert (layout.rows_above, layout.positions) == (above + 1, (0, 1, 2))


def test_header_of_two_lines_with_merged_cells_above_is_read_as_one():
    top, below = ["网点信息", "", "清算", ""], ["名称", "行号", "行号", "行名"]
    rows = [top, below, *([n, c, k, "总行"] for n, c, k in ROWS)]
    layout = find_layout(rows, SCHEMA)
    assert layout.rows_above == 2
    assert layout.positions == (0, 1, 2)


def test_second_header_line_in_another_language_is_no_row():
    layout = find_layout([HEAD, ["branch name", "code", "clearing code"], *ROWS], SCHEMA)
    assert (layout.rows_above, layout.positions) == (2, (0, 1, 2))


def test_first_row_of_data_is_not_taken_for_a_second_header_line():
    assert find_layout([HEAD, ["支行", "没有", ""], *ROWS], SCHEMA).rows_above == 1


def test_nothing_that_looks_like_it_leaves_the_column_without_a_place():
    layout = find_layout([["1", "0571"], ["2", "0572"]], SCHEMA)
    assert layout.missing(SCHEMA) == ["银行名称", "联行编号"]


def test_separator_after_the_last_cell_of_every_row_widens_the_row_not_the_header():
    assert width_of([HEAD, *([*cells, ""] for cells in ROWS)], 1) == 4


def test_layout_survives_the_way_through_plain_data():
    layout = find_layout([HEAD, *ROWS], SCHEMA)
    assert Layout.from_dict(layout.to_dict(), SCHEMA) == layout


GOOD = {"width": 3, "rows_above": 1, "columns": {"name": 0, "code": 1, "clearing_code": 2}}


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"width": 0}, "malformed"),
        ({"width": "3"}, "malformed"),
        ({"rows_above": -1}, "malformed"),
        ({"rows_above": True}, "malformed"),
        ({"rows_above": HEADER_WITHIN + 1}, "malformed"),
        ({"columns": None}, "malformed"),
        ({"columns": {"name": 3}}, "no_such_place"),
        ({"columns": {"name": "0"}}, "no_such_place"),
        ({"columns": {"name": 0, "code": 0}}, "place_taken_twice"),
        ({"columns": {"boss": 0}}, "unknown_column"),
    ],
)
def test_layout_that_contradicts_itself_is_refused(wrong, reason):
    with pytest.raises(LayoutError) as caught:
        Layout.from_dict({**GOOD, **wrong}, SCHEMA)
    assert caught.value.code == reason


def test_layout_fits_a_changed_schema_by_the_keys_of_its_columns():
    changed = TableSchema("t", (Column("code", "行号", role="identifier"), Column("name", "行名", role="name")))
    assert Layout.from_dict(refit(GOOD, changed), changed).positions == (1, 0)


def remembered(rows, above: int) -> dict[str, object]:
    data = {**GOOD, "rows_above": above, "width": width_of(rows, above)}
    return {signature(rows, rows_above=above, kind="text"): data}


def test_file_with_the_same_header_is_known_again_wherever_the_header_stands():
    memory = remembered([["甲", "乙", "丙"], *ROWS], 1)
    later = [["标题", "", ""], ["甲", "乙", "丙"], *ROWS[5:]]
    layout = recall(later, kind="text", remembered=memory, schema=SCHEMA)
    assert (layout.rows_above, layout.decided_by, layout.positions) == (2, REMEMBERED, (0, 1, 2))


def test_file_without_header_is_known_again_by_the_types_of_its_columns():
    memory = remembered(ROWS, 0)
    assert recall(ROWS[10:], kind="text", remembered=memory, schema=SCHEMA).rows_above == 0
    assert recall([[c, n, k] for n, c, k in ROWS], kind="text", remembered=memory, schema=SCHEMA) is None


def test_other_header_or_other_kind_of_file_is_not_known():
    memory = remembered([["甲", "乙", "丙"], *ROWS], 1)
    assert recall([["甲", "丙", "乙"], *ROWS], kind="text", remembered=memory, schema=SCHEMA) is None
    assert recall([["甲", "乙", "丙"], *ROWS], kind="workbook", remembered=memory, schema=SCHEMA) is None


def test_remembered_layout_that_lacks_a_column_now_required_is_not_used():
    memory = remembered([["甲", "乙", "丙"], *ROWS], 1)
    more = TableSchema("t", (*SCHEMA.columns, Column("city", "城市", required=True)))
    assert recall([["甲", "乙", "丙"], *ROWS], kind="text", remembered=memory, schema=more) is None


def test_first_row_of_words_over_columns_of_numbers_is_a_header_whatever_the_words():
    rows = [["工号", "姓名"], ["100001", "甲"], ["100002", "乙"], ["100003", "丙"]]
    assert find_layout(rows, SCHEMA).rows_above == 1
    assert find_layout(rows[1:], SCHEMA).rows_above == 0
