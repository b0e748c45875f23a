from __future__ import annotations

import openpyxl
import pytest
from python_calamine import CalamineWorkbook

from apps.core import workbooks
from apps.core.workbooks import workbook

ROWS = [
    ["中国银行", "103881042760", 7],
    ["=1+1", "+2", None],
    ["@SUM(A1)", " blanks  kept ", 1.5],
    ['<a> & "b"', "line\nbreak", ""],
    ["\x00bad\x07", "\ud800", "\ufffe"],
]
EXPECTED = [
    ("名称", "行号", "数"),
    ("中国银行", "103881042760", 7),
    ("=1+1", "+2", None),
    ("@SUM(A1)", " blanks  kept ", 1.5),
    ('<a> & "b"', "line\nbreak", None),
    ("bad", None, None),
]


@pytest.fixture
def file():
    with workbook("目录: [1]/2", ["名称", "行号", "数"], ROWS) as book:
        yield book


def test_sheet_holds_what_was_given_as_text_and_numbers(file):
    sheet = openpyxl.load_workbook(file).active
    assert [tuple(cell or None for cell in line) for line in sheet.iter_rows(values_only=True)] == EXPECTED


def test_nothing_in_it_is_a_formula(file):
    cells = [cell for line in openpyxl.load_workbook(file).active for cell in line]
    assert not [cell for cell in cells if cell.data_type == "f"]


def test_another_reader_sees_the_same(file):
    rows = CalamineWorkbook.from_filelike(file).get_sheet_by_index(0).to_python()
    assert rows[1] == ["中国银行", "103881042760", 7.0]
    assert len(rows) == len(EXPECTED)


def test_title_is_one_that_a_sheet_may_have(file):
    assert openpyxl.load_workbook(file).sheetnames == ["目录   1  2"]


def test_rows_beyond_what_a_sheet_holds_are_left_out(monkeypatch):
    monkeypatch.setattr(workbooks, "ROWS_MAX", 2)
    with workbook("t", ["a"], ([number] for number in range(9))) as book:
        assert openpyxl.load_workbook(book).active.max_row == 3
