"""What whole columns say must be what looking at every cell says."""

from __future__ import annotations

import csv
import io

import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from apps.datasets.checking import RowChecker
from apps.datasets.layouts import Layout
from apps.datasets.readers import LINE, TEXT
from apps.datasets.readers.source import block_of
from apps.datasets.recording import write_csv
from apps.datasets.sifting import drop_blank, passes, sift
from tests.datasets.conftest import code, row
from workers.inference.lookup.checks import CHECKS, check_digit
from workers.inference.lookup.schema import PRESETS, Column, TableSchema

BRANCHES = PRESETS["bank_branches"]
OTHER = TableSchema(
    kind="other",
    columns=(
        Column(key="title", label="Title", role="name"),
        Column(key="bic", label="BIC", pattern="[A-Z]{6}[A-Z0-9é]*", warn=("pattern",)),
        Column(key="serial", label="Serial", check="iso7064_mod11_10", warn=()),
    ),
)
SEPARATOR = "\x1f"
ODD = "\u00ad\u200b\u3000\ufeff\ufffd\x1c\x85\u0378\U0001f600é１＃#= '`\n\r\t\u202e"
CELLS = st.one_of(
    st.text(alphabet=st.sampled_from("支行A1b 0.。（)" + ODD), max_size=12),
    st.text(alphabet=st.characters(exclude_characters="\x1e" + SEPARATOR, exclude_categories=["Cs"]), max_size=6),
    st.sampled_from(
        ["", " ", code(1), code(2)[:-1] + "X", "403539100200.0", "4.03539E+11", "#N/A", "ABCDEF", "ABCDEFé"]
    ),
    st.sampled_from(["长" * 500, "长" * 501, "a" * 500, "a" * 501, "长" * 167]),
)


def layout_of(schema: TableSchema) -> Layout:
    return Layout(keys=schema.keys, positions=(2, 0, 1), width=3, rows_above=0)


def block(rows: list[list[str]]) -> pl.DataFrame:
    return block_of("\x1e".join(SEPARATOR.join(row) for row in rows).encode(), row_end="\x1e", first=1)


@pytest.mark.parametrize("schema", [BRANCHES, OTHER], ids=lambda schema: schema.kind)
@given(rows=st.lists(st.lists(CELLS, min_size=3, max_size=3), min_size=1, max_size=12))
def test_what_is_plain_passes_the_careful_look_unchanged(schema, rows):
    layout = layout_of(schema)
    table, others = sift(block(rows), SEPARATOR, layout=layout, schema=schema)
    assert sorted([*table[LINE], *others[LINE]]) == list(range(1, len(rows) + 1))
    checker = RowChecker(schema, layout)
    for line, *cells in table.iter_rows():
        checked = checker.check(line, rows[line - 1])
        assert (checked.cells, list(checked.issues)) == (cells, [])


@given(st.lists(st.lists(CELLS, min_size=1, max_size=4), min_size=1, max_size=12))
def test_blank_rows_are_those_whose_cells_are_all_blank(rows):
    kept = drop_blank(block(rows), SEPARATOR)[LINE].to_list()
    assert kept == [line for line, cells in enumerate(rows, 1) if any(map(str.strip, cells))]


def test_usual_rows_are_plain():
    lines = [row(n, name=f"中国农业银行股份有限公司（第{n}）A-{n}·支行 No.{n}、“西”") for n in range(50)]
    lines = [lines[0].rpartition(",")[0] + ",", *lines[1:]]  # an optional cell may be blank
    layout = Layout(keys=BRANCHES.keys, positions=(0, 1, 2), width=3, rows_above=0)
    table, others = sift(
        block_of("\n".join(lines).encode(), row_end="\n", first=1), ",", layout=layout, schema=BRANCHES
    )
    assert (table.height, others.height) == (50, 0)
    assert table.row(0)[-1] == ""


def test_rows_of_another_width_are_looked_at_as_they_stand():
    layout = Layout(keys=BRANCHES.keys, positions=(0, 1, None), width=2, rows_above=0)
    text = f"支行,{code(1)}\n支行\n支行,{code(2)},\n"
    table, others = sift(block_of(text.encode(), row_end="\n", first=5), ",", layout=layout, schema=BRANCHES)
    assert table.rows() == [(5, "支行", code(1), "")]
    assert others.select(LINE, TEXT).rows() == [(6, "支行"), (7, f"支行,{code(2)},"), (8, "")]


@pytest.mark.parametrize("check", sorted(CHECKS))
@given(cells=st.lists(st.one_of(st.text("0123456789", max_size=20), st.text(max_size=5)), min_size=1, max_size=20))
@example(cells=["", "1", "00", "１２", "12\n", "X" * 12])
def test_check_of_a_column_is_that_of_its_cells(check, cells):
    assert passes(pl.Series(cells, dtype=pl.String), check).tolist() == [CHECKS[check](cell) for cell in cells]


@given(st.lists(st.text("0123456789", min_size=1, max_size=18), min_size=1, max_size=20))
def test_right_check_digits_pass_and_wrong_ones_do_not(payloads):
    right = [payload + check_digit("iso7064_mod11_10", payload) for payload in payloads]
    wrong = [cell[:-1] + str((int(cell[-1]) + 3) % 10) for cell in right]
    assert passes(pl.Series(right + wrong), "iso7064_mod11_10").tolist() == [True] * len(right) + [False] * len(wrong)


@given(st.lists(st.tuples(*[st.text(st.sampled_from("a支 ,;\"'#=\t0.1-"), max_size=6)] * 3), min_size=1, max_size=9))
def test_canonical_file_is_what_the_csv_module_writes(tmp_path_factory, rows):
    path = tmp_path_factory.mktemp("csv") / "rows.csv"
    write_csv(pl.LazyFrame(rows, schema=["a", "b", "c"], orient="row"), path)
    expected = io.StringIO()
    writer = csv.writer(expected, lineterminator="\n")
    writer.writerows([("a", "b", "c"), *rows])
    assert path.read_text(encoding="utf-8") == expected.getvalue()
