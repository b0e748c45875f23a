from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.datasets.issues import issues_of
from apps.datasets.readers.quoting import LINES_IN_A_ROW_MAX, rows_in, usual_width, without_marks
from apps.datasets.readers.source import BrokenLine, Unreadable
from apps.datasets.readers.text import DELIMITERS, TextTable
from apps.datasets.rows import rows_of
from tests.datasets.conftest import HEADER, code, row, table

QUOTE = Unreadable.OPEN_QUOTE


def taken(text: str, *, width: int | None = 3) -> list:
    rows = rows_in(text.splitlines(keepends=True), delimiter=",", width=width)
    return [(line, cells.reason if isinstance(cells, BrokenLine) else cells) for line, cells in rows]


def test_quoted_cells_with_line_breaks_are_one_row():
    assert taken('"a\nb",1,2\nc,3,"d\r\n\r\ne"\nf,4,5\n') == [
        (1, ["a\nb", "1", "2"]),
        (3, ["c", "3", "d\r\n\r\ne"]),
        (6, ["f", "4", "5"]),
    ]


def test_doubled_marks_and_delimiters_inside_quotes_are_text():
    assert taken('"a ""b"", c",1,2\n') == [(1, ['a "b", c', "1", "2"])]


@pytest.mark.parametrize(
    "stray",
    ['"a,1,2', 'a,"1,2', 'a,1,"2', '"a"",1,2', '"'],
    ids=["first cell", "middle cell", "last cell", "closed by a doubled mark", "alone"],
)
@pytest.mark.parametrize(
    "after",
    ["b,3,4", "b,3,4\nc,5,6", 'b,3,4\n"c",5,6\nd,7,8', 'b,3,4\nc,5,"6"', 'b,3,4\n"c\nc",5,6'],
    ids=["one line", "end of file", "quoted cell", "quoted last cell", "line break in a cell"],
)
def test_open_mark_costs_its_line_only(stray, after):
    rows = taken(f"x,1,1\n{stray}\n{after}\n")
    assert rows[:3] == [(1, ["x", "1", "1"]), (2, QUOTE), (3, ["b", "3", "4"])]
    assert rows[3:] == [(line + 2, cells) for line, cells in taken(f"{after}\n")][1:]


def test_open_mark_on_the_last_line_is_seen():
    assert taken('a,1,2\n"b,3,4') == [(1, ["a", "1", "2"]), (2, QUOTE)]


def test_rows_between_two_stray_marks_are_not_taken_for_one_cell():
    lines = [(3, ["b", "3", "4"]), (4, ["c", "5", "6"])]
    assert taken('x,1,1\n"a,1,2\nb,3,4\nc,5,6\nd",7,8\n')[1:4] == [(2, QUOTE), *lines]
    assert taken('x,1,1\n"a,1,2\nd",7,8\n')[1:] == [(2, QUOTE), (3, ['d"', "7", "8"])]


def test_open_mark_is_given_up_after_a_limited_number_of_lines():
    lines = ['"open,1,2', *[f"r{n},1,2" for n in range(3 * LINES_IN_A_ROW_MAX)]]
    rows = taken("\n".join(lines))
    assert (rows[0], len(rows)) == ((1, QUOTE), len(lines))
    assert [line for line, _cells in rows] == list(range(1, len(lines) + 1))


def test_cell_too_long_for_the_csv_module_behind_an_open_mark_loses_no_row():
    long = "x" * 70_000
    assert [line for line, _cells in taken(f'"a,1,2\n{long},1,2\n{long},3,4\nb,5,6\n')] == [1, 2, 3, 4]


def test_usual_width_is_that_of_rows_and_not_of_lines():
    text = "".join(f'n,"a\nb\nc",{n}\n' for n in range(9))
    assert usual_width(text.splitlines(keepends=True), delimiter=",") == 3
    assert usual_width([], delimiter=",") is None


def test_one_stray_mark_in_a_file_costs_one_row(imported):
    lines = [row(n) for n in range(300)]
    lines[49] = '"' + lines[49]
    version = imported("\n".join([HEADER, *lines]))
    assert (version.rows_read, version.rows_accepted, version.rows_skipped) == (300, 299, 1)
    (issue,) = issues_of(version)
    assert (issue.line, issue.code) == (51, "open_quote")
    assert issue.message.sentence
    assert (52, code(50)) in [(row.line, row.cells[1]) for row in rows_of(version)]


@pytest.mark.parametrize("at", [0, 5, 250])
def test_place_of_a_stray_mark_does_not_matter(imported, at):
    lines = [row(n) for n in range(300)]
    lines[at] = lines[at].replace(",", ',"', 1)
    version = imported("\n".join([HEADER, *lines]))
    assert (version.rows_accepted, version.rows_skipped) == (299, 1)
    assert [issue.line for issue in issues_of(version)] == [at + 2]


def test_stray_mark_in_a_title_does_not_shift_the_header(imported):
    version = imported('"全国联行号表\n' + table(count=5))
    assert (version.rows_accepted, version.rows_skipped) == (5, 0)


def test_line_breaks_in_a_column_that_is_not_used_do_no_harm(imported):
    lines = [f'{row(n)},"备注一, 甲\n备注二"' for n in range(5)]
    version = imported("\n".join([f"{HEADER},备注", *lines]))
    assert (version.rows_accepted, version.rows_skipped) == (5, 0)
    assert rows_of(version)[-1].line == 10


@given(
    lines=st.lists(st.text('ab",\x1f支 ', max_size=9), max_size=8),
    quoted=st.lists(st.lists(st.text("ab,支;", max_size=3), min_size=3, max_size=3), max_size=8),
    delimiter=st.sampled_from(",;"),
)
def test_quick_reading_of_quoted_lines_is_that_of_the_careful_one(tmp_path_factory, lines, quoted, delimiter):
    lines = [*(delimiter.join(f'"{cell}"' for cell in row) for row in quoted), *lines]
    path = tmp_path_factory.mktemp("quoted") / "t.csv"
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    table = TextTable(path)
    careful = rows_in([f"{line}\n" for line in lines], delimiter=table._delimiter, width=table._width)
    expected = [
        (line, None if isinstance(cells, BrokenLine) else [cell.replace("\x1f", "") for cell in cells] or [""])
        for line, cells in careful
    ]
    assert list(rows_by_block(table)) == expected


def rows_by_block(table: TextTable):
    for block, separator in table.blocks():
        for line, text, flaw in block.iter_rows():
            yield line, None if flaw else [cell.replace("\x1f", "") for cell in text.split(separator)]


@pytest.mark.parametrize("delimiter", DELIMITERS)
def test_delimiters_between_marks_are_text(delimiter):
    lines = pl.Series([f'"a{delimiter}b"{delimiter}c', delimiter.join(["d", '""']), ""])
    assert without_marks(lines, delimiter=delimiter).to_list() == [f"a{delimiter}b\x1fc", "d\x1f", ""]


@pytest.mark.parametrize("line", ['a"b,c', '"a""b",c', '"a,b', '"a" ,b', '"a"b,c'])
def test_lines_whose_marks_need_care_are_left_to_it(line):
    assert without_marks(pl.Series(["a,b", line]), delimiter=",") is None
