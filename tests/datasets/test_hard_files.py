"""Files that break importers: every one ends in issues with a line and a remedy, or in a sentence; none in a crash."""

from __future__ import annotations

import pytest

from apps.datasets.issues import issues_of
from apps.datasets.models import DatasetVersion
from apps.datasets.rows import rows_of
from tests.datasets.conftest import HEADER, code, row, table

FAR = 70_000
"""More than is looked at when a file is uploaded."""


def found(version: DatasetVersion) -> list[tuple[int, str]]:
    assert version.status == DatasetVersion.Status.DRAFT, version.failure
    issues = list(issues_of(version))
    assert all(issue.message.sentence and issue.message.remedy for issue in issues)
    assert version.rows_read == version.rows_accepted + version.rows_skipped
    return [(issue.line, issue.code) for issue in issues]


def many(*lines: str) -> str:
    return table(*[row(n, name=f"很长很长很长的支行名称{n}") for n in range(100, 1500)], *lines)


def test_nul_far_down_costs_its_row(imported):
    content = many(f"支\0行,{code(9)},", row(8))
    assert content.encode().index(b"\0") > FAR
    version = imported(content)
    assert found(version) == [(1405, "undecodable")]
    assert rows_of(version)[-1].line == 1406


@pytest.mark.parametrize("quote", ["", '"'])
def test_cell_of_a_megabyte_costs_its_row(imported, quote):
    version = imported(table(f"{quote}{'长' * 2**20}{quote},{code(9)},", row(8)))
    assert [line for line, _code in found(version)] == [5]
    assert all(len(issue.value) <= 200 for issue in issues_of(version))


def test_thousand_columns_are_read(imported):
    header = HEADER + "," + ",".join(f"列{n}" for n in range(997))
    lines = [row(n) + "," * 997 for n in range(20)]
    version = imported("\n".join([header, *lines, row(30)]))
    assert found(version) == [(22, "column_count")]
    assert version.rows_accepted == 20


def test_lines_in_another_encoding_cost_their_rows(imported):
    good = many().encode()
    version = imported(good + row(2000, name="农业银行").encode("gb18030") + b"\n" + row(2001).encode())
    assert found(version) == [(1405, "undecodable")]


@pytest.mark.parametrize("order", [("utf-8", "gb18030"), ("gb18030", "utf-8")])
@pytest.mark.parametrize("counts", [(1, 1), (2, 1), (1, 2), (1, 1500), (1500, 1)])
def test_mix_of_encodings_is_never_garbled(imported, order, counts):
    lines = [
        row(serial, name=f"农业银行{serial}支行").encode(encoding)
        for encoding, count, start in zip(order, counts, (1, 5000), strict=True)
        for serial in range(start, start + count)
    ]
    version = imported(b"\n".join([HEADER.encode(order[0]), *lines]))
    assert version.rows_read == sum(counts)
    assert 1 <= version.rows_accepted < sum(counts)
    assert all(entry.cells[0].startswith("农业银行") for entry in rows_of(version))
    assert {code for _line, code in found(version)} == {"undecodable"}


def test_one_damaged_line_of_a_short_text_costs_its_row_alone(imported):
    damaged = row(9).encode().replace("支".encode(), b"\xe6\x94")
    version = imported(table(row(8)).encode() + damaged)
    assert found(version) == [(6, "undecodable")]


def test_line_ends_of_three_systems_in_one_file(imported):
    version = imported("\r\n".join([HEADER, row(1)]) + "\r" + row(2) + "\n" + row(3))
    assert found(version) == []
    assert [row.line for row in rows_of(version)] == [2, 3, 4]


def test_line_that_cannot_be_taken_apart_shows_what_stands_there(imported):
    version = imported(table(f'"支行,{code(9)},', row(8)))
    assert found(version) == [(5, "open_quote")]
    assert issues_of(version)[0].value == f'"支行,{code(9)},'


def test_all_rows_twice_are_kept_once(imported):
    lines = [row(n) for n in range(2000)]
    version = imported("\n".join([HEADER, *lines, *lines]))
    assert (version.rows_accepted, version.rows_skipped) == (2000, 2000)
    assert version.receipt["codes"] == {"duplicate_row": 2000}
    assert issues_of(version)[1999].params == {"first": 2001}
