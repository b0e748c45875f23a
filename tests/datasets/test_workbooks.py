from __future__ import annotations

import io
import json
import zipfile

import pytest

from apps.datasets.models import DatasetVersion
from apps.datasets.readers import WorkbookRefused, limits, open_source
from tests.datasets.conftest import HEADER, row, workbook


def rezip(content: bytes, change) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.infolist():
            new.writestr(part.filename, change(part.filename, old.read(part)))
    return buffer.getvalue()


def refused(version) -> str:
    """The code of a failure that has left no row behind and says something."""
    assert (version.status, version.records.count()) == (DatasetVersion.Status.FAILED, 0)
    assert version.error
    return version.failure["code"]


def with_rows(rows: bytes, *, sheet: str = "xl/worksheets/sheet1.xml") -> bytes:
    """A workbook with a header, a row and further rows as XML; the sheet's part may be given another name."""

    def change(name: str, data: bytes) -> bytes:
        if name == "xl/worksheets/sheet1.xml":
            return data.replace(b"</sheetData>", rows + b"</sheetData>")
        return data.replace(b"/xl/worksheets/sheet1.xml", f"/{sheet}".encode())

    content = rezip(workbook([HEADER.split(","), row(1).split(",")]), change)
    return rename(content, "xl/worksheets/sheet1.xml", sheet)


def rename(content: bytes, old_name: str, new_name: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.infolist():
            new.writestr(new_name if part.filename == old_name else part.filename, old.read(part))
    return buffer.getvalue()


FAR = b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'


@pytest.mark.parametrize(
    "content",
    [
        with_rows(FAR),
        with_rows(FAR, sheet="xl/elsewhere/data.xml"),
        with_rows(FAR.replace(b"XFD", b"xfd")),
        with_rows(FAR.replace(b' r="XFD', b' r = "XFD')),
        with_rows(b'<row r="1000000">' + b"<c><v>1</v></c>" * 9000 + b"</row>"),
        with_rows(b'<row r="16000000"><c r="XFD1"><v>1</v></c><c><v>1</v></c></row>' + FAR),
    ],
    ids=["plain", "part elsewhere", "lower case", "blanks in the reference", "no references", "row and cell disagree"],
)
def test_small_file_that_claims_a_huge_rectangle_is_refused(imported, content):
    assert len(content) < 10_000
    assert refused(imported(content, "t.xlsx")) == "workbook_too_large"


def test_sheet_with_more_cells_than_allowed_is_refused(imported, monkeypatch):
    monkeypatch.setattr(limits, "CELLS_MAX", 10)
    content = workbook([HEADER.split(","), *[row(n).split(",") for n in range(9)]])
    assert refused(imported(content, "t.xlsx")) == "workbook_too_large"


def test_first_visible_sheet_with_cells_is_read(tmp_path):
    import openpyxl

    book = openpyxl.Workbook()
    book.active.title = "空"
    book.create_sheet("隐藏").append(["hidden"])
    book["隐藏"].sheet_state = "hidden"
    book.create_sheet("目录").append(["银行", 403100000004, 1.5, True])
    book.save(tmp_path / "t.xlsx")
    source = open_source(tmp_path / "t.xlsx")
    assert source.details == {"sheet": "目录"}
    assert list(source.rows) == [(1, ["银行", "403100000004", "1.5", "TRUE"])]


def test_reading_may_stop_early(tmp_path):
    (tmp_path / "t.xlsx").write_bytes(workbook([[n] for n in range(20_000)]))
    source = open_source(tmp_path / "t.xlsx")
    assert next(source.rows) == (1, ["0"])
    del source  # ends the process that reads; pytest would report a process left behind


def test_process_that_dies_half_way_is_a_refusal_and_not_the_end_of_the_file(tmp_path, monkeypatch):
    from apps.datasets.readers import sheet_process

    program = tmp_path / "dying.py"
    lines = json.dumps({"sheet": "s", "rows": 9}) + "\n" + json.dumps([["a"]]) + '\n[["b'
    program.write_text(f"import os\nos.write(1, {lines.encode()!r})\nos.abort()\n")
    monkeypatch.setattr(sheet_process, "__file__", str(program))
    (tmp_path / "t.xlsx").write_bytes(workbook([["a"]]))
    rows = open_source(tmp_path / "t.xlsx").rows
    assert next(rows) == (1, ["a"])
    with pytest.raises(WorkbookRefused) as caught:
        next(rows)
    assert caught.value.code == "workbook_too_large"


def test_workbook_with_a_broken_sheet_fails_with_a_sentence(imported):
    content = rezip(
        workbook([["a"]]), lambda name, data: b"<worksheet><sheetDa" if name.startswith("xl/worksheets/") else data
    )
    assert refused(imported(content, "t.xlsx")) in {"workbook", "empty"}


def test_workbook_with_damaged_bytes_fails_with_a_sentence(imported):
    content = bytearray(workbook([HEADER.split(","), *[row(n).split(",") for n in range(200)]]))
    at = content.find(b"xl/worksheets/sheet1.xml") + 60
    content[at : at + 40] = bytes(40)
    assert refused(imported(bytes(content), "t.xlsx")) == "workbook"
