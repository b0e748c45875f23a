"""Whatever a file holds: read = accepted + skipped, and every row is where a slow and simple reading puts it."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.datasets.importing import import_version
from apps.datasets.issues import issues_of
from apps.datasets.models import DatasetVersion
from apps.datasets.rows import rows_of
from apps.datasets.services import upload_version
from tests.datasets.conftest import HEADER, code

WIDE = str.maketrans("0123456789", "０１２３４５６７８９")
GOOD_NAMES = [f"第{n}支行" for n in range(4)] + ["Bank of “西”, A; B|C", " 支行 "]
BAD_NAMES = {
    "": "missing",
    "支\ufffd行": "undecodable",
    "长" * 501: "too_long",
    "支\n行": "line_break",
    "\u200b": "missing",
}
GOOD_CODES = [code(n) for n in range(4)] + [code(5).translate(WIDE), f"'{code(6)}", f" {code(7)}.0"]
BAD_CODES = {"": "missing", "40353910020": "digits", "40353910020X": "digits", "4.03539E+11": "shortened"}
WRONG_DIGIT = code(8)[:-1] + str((int(code(8)[-1]) + 1) % 10)
CLEARING = {"": "", "403100000004": "", "12": "digits"}

rows = st.one_of(
    st.tuples(
        st.sampled_from([*GOOD_NAMES * 3, *BAD_NAMES]),
        st.sampled_from([*GOOD_CODES * 3, *BAD_CODES, WRONG_DIGIT]),
        st.sampled_from(sorted(CLEARING)),
    ),
    st.sampled_from([(), ("", "", ""), (" ", "", "\t")]),  # blank
    st.tuples(st.sampled_from(GOOD_NAMES), st.sampled_from(GOOD_CODES)),  # too short
    st.tuples(*map(st.sampled_from, (GOOD_NAMES, GOOD_CODES, sorted(CLEARING), ["", "更多"]))),  # longer
)


@dataclass
class Expected:
    """What a reading row by row finds: the accepted rows, the first reason for every skipped line."""

    accepted: dict[int, tuple[str, ...]]
    skipped: dict[int, str]
    warned: set[tuple[int, str]]


def read_slowly(table: list[tuple[str, ...]]) -> Expected:
    found = Expected({}, {}, set())
    line = 2
    candidates = []
    for row in table:
        if any(map(str.strip, row)):
            if reason := reason_against(row):
                found.skipped[line] = reason
            else:
                name, number = row[0].strip(), tidy(row[1])
                candidates.append((line, (name, number, row[2])))
        line += 1 + sum(cell.count("\n") for cell in row)
    for line, cells in candidates:
        if cells in found.accepted.values() or cells in [other for at, other in candidates if at < line]:
            found.skipped[line] = "duplicate_row"
        elif twin := next((kept for kept in found.accepted.values() if kept[1] == cells[1]), None):
            same = "_same_name" if twin[0] == cells[0] else ""
            found.skipped[line] = f"duplicate_identifier{same}"
        else:
            if any(kept[0] == cells[0] for kept in found.accepted.values()):
                found.warned.add((line, "duplicate_name"))
            found.accepted[line] = cells
            if cells[1] == WRONG_DIGIT:
                found.warned.add((line, "check_digit"))
    return found


def reason_against(row: tuple[str, ...]) -> str:
    if len(row) < 3 or any(map(str.strip, row[3:])):
        return "column_count"
    return BAD_NAMES.get(row[0], "") or BAD_CODES.get(row[1], "") or CLEARING[row[2]]


def tidy(number: str) -> str:
    return (
        number.strip()
        .removesuffix(".0")
        .lstrip("'")
        .translate({ord(wide): str(n) for n, wide in enumerate("０１２３４５６７８９")})
    )


def written(table: list[tuple[str, ...]], *, delimiter: str, quoting: int, end: str, encoding: str) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter, quoting=quoting, lineterminator=end)
    writer.writerow(HEADER.split(","))
    for row in table:
        writer.writerow(row) if row else text.write(end)
    return text.getvalue().encode(encoding)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@given(
    table=st.lists(rows, max_size=25),
    delimiter=st.sampled_from(",\t;|"),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    end=st.sampled_from(["\n", "\r\n"]),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_row_is_where_a_slow_reading_puts_it(dataset, administrator, encoding, table, delimiter, quoting, end):
    usual = [(f"{n}号网点", code(100 + n), "403100000004") for n in range(30)]  # so that the delimiter is plain to see
    content = written([*usual, *table], delimiter=delimiter, quoting=quoting, end=end, encoding=encoding)
    version = upload_version(dataset, file=io.BytesIO(content), name="t.csv", actor=administrator, again=True)
    import_version(str(version.pk))
    version.refresh_from_db()
    assert version.status == DatasetVersion.Status.DRAFT, version.failure
    expected = read_slowly([*usual, *table])
    assert {row.line: row.cells for row in rows_of(version)} == expected.accepted
    assert version.rows_read == version.rows_accepted + version.rows_skipped
    assert (version.rows_accepted, version.rows_skipped) == (len(expected.accepted), len(expected.skipped))
    issues = list(issues_of(version))
    reasons: dict[int, list[str]] = {}
    for issue in issues:
        if not issue.is_warning:
            reasons.setdefault(issue.line, []).append(issue.code)
    assert {line: codes[0] for line, codes in reasons.items()} == expected.skipped
    assert {(issue.line, issue.code) for issue in issues if issue.is_warning} == expected.warned
