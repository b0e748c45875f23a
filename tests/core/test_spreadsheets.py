from __future__ import annotations

import csv
from io import StringIO

import pytest

from apps.core.spreadsheets import BYTE_ORDER_MARK, LINES_AT_ONCE, cell, csv_chunks

FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1+1", "＋1", "－1", "＠SUM"]


@pytest.mark.parametrize("text", FORMULAS)
def test_text_that_would_run_as_a_formula_is_quoted(text):
    assert cell(text) == f"'{text}"


@pytest.mark.parametrize("value", ["中国银行", "a=b", "", "403539100200", None, -1, 0.5])
def test_other_values_stay_as_they_are(value):
    assert cell(value) == value


def test_file_has_the_mark_the_header_and_every_line():
    rows = [[number, f"name, {number}"] for number in range(2 * LINES_AT_ONCE + 1)]
    chunks = list(csv_chunks(["number", "=name"], rows))
    text = "".join(chunks)
    assert text.startswith(BYTE_ORDER_MARK)
    header, *lines = csv.reader(StringIO(text.removeprefix(BYTE_ORDER_MARK)))
    assert header == ["number", "'=name"]
    assert lines == [[str(number), name] for number, name in rows]
    assert len(chunks) == 4
