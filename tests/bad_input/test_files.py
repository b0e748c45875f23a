"""Files that cannot be imported: refused at the door or by the import, with a sentence, leaving nothing half-made.

Tested elsewhere, and not again here:

    a cell's quotation mark that is never closed, mixed up lines     tests/datasets/test_quoting.py
    damaged bytes, mixed encodings, wrong check digits, duplicates   tests/datasets/test_importing.py
    sheets as large as Excel allows, hidden sheets, broken sheets    tests/datasets/test_workbooks.py
    zip bombs, folders and control characters in names, .xls         tests/datasets/test_services.py
    pieces: 2 GB announced, wrong offsets, a disk that fills up      tests/datasets/test_resumable.py
    formulas in what we write ourselves                              tests/datasets/test_admin.py
"""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from apps.datasets.models import DatasetVersion
from apps.datasets.rows import rows_of
from tests.bad_input import files
from tests.bad_input.conftest import files_of_versions, is_a_sentence, refused
from tests.datasets.conftest import HEADER, row, table, workbook


@pytest.fixture
def send(api, administrator, dataset):
    """Return a function that uploads over the API: `send(content, name)`."""

    def post(content: bytes, name: str = "rows.csv", **fields):
        file = SimpleUploadedFile(name, content)
        file._name = name  # Django's own class would clean it; a hostile client does not
        return api(administrator).post(f"/api/v1/datasets/{dataset.pk}/versions", {"file": file, **fields})

    return post


AT_THE_DOOR = {
    "nothing in it": (b"", "rows.csv", ""),
    "wrong extension": (files.GOOD.encode(), "rows.pdf", "wrong_extension"),
    "no extension": (files.GOOD.encode(), "rows", "wrong_extension"),
    "a second extension": (files.GOOD.encode(), "rows.csv.exe", "wrong_extension"),
    "macro workbook": (files.GOOD_BOOK, "rows.xlsm", "wrong_extension"),
    "picture named .csv": (files.PNG, "rows.csv", "not_text"),
    "picture named .xlsx": (files.PNG, "rows.xlsx", "workbook"),
    "PDF named .csv": (files.PDF, "rows.csv", "not_text"),
    "gzip named .csv": (files.GZIP + bytes(8), "rows.csv", "not_text"),
    "text named .xlsx": (files.GOOD.encode(), "rows.xlsx", "workbook"),
    "workbook named .csv": (files.GOOD_BOOK + bytes(8), "rows.csv", "not_text"),
    "half a workbook": (files.GOOD_BOOK[: len(files.GOOD_BOOK) // 2], "rows.xlsx", "workbook"),
    "workbook without its end": (files.GOOD_BOOK[:-30], "rows.xlsx", "workbook"),
    "zip of something else": (files.zip_of(**{"hello.txt": b"hello"}), "rows.xlsx", "workbook"),
    "workbook with a password": (files.PASSWORD_PROTECTED, "rows.xlsx", "encrypted"),
    "such a workbook named .csv": (files.PASSWORD_PROTECTED, "rows.csv", "encrypted"),
    "NUL bytes": (f"{HEADER}\n\0{row(1)}\n".encode(), "rows.csv", "not_text"),
}


@pytest.mark.usefixtures("nothing_left")
@pytest.mark.parametrize(("content", "name", "code"), AT_THE_DOOR.values(), ids=AT_THE_DOOR)
def test_refused_at_the_door(content, name, code, send):
    refused(send(content, name), field="file", code=code)


BY_THE_IMPORT = {
    "only a header": (f"{HEADER}\n".encode(), "rows.csv"),
    "only blank lines": (b"\n\n  \n\n", "rows.csv"),
    "only a byte order mark": (b"\xef\xbb\xbf", "rows.csv"),
    "prose": ("昔者庄周梦为胡蝶,栩栩然胡蝶也。\n自喻适志与!不知周也。\n".encode(), "rows.txt"),
    "HTML page saved as CSV": (b"<!doctype html><html><body><table><tr><td>1</td></tr></table>", "rows.csv"),
    "JSON saved as CSV": (b'[{"name": "a", "code": "1"}]\n', "rows.csv"),
    "NUL bytes far inside": ((HEADER + "\n" + "x\n" * 40_000 + "\0\n").encode(), "rows.csv"),
    "UTF-16 with an odd byte": (HEADER.encode("utf-16") + b"\n", "rows.csv"),
    "workbook with an empty sheet": (workbook([]), "rows.xlsx"),
    "workbook without a sheet": (files.without("xl/worksheets/sheet1.xml"), "rows.xlsx"),
    "workbook with an index of nothing": (files.without("xl/workbook.xml"), "rows.xlsx"),
    "external entity": (files.with_entity(files.EXTERNAL), "rows.xlsx"),
    "parameter entity from elsewhere": (files.with_entity(files.PARAMETER, name="p"), "rows.xlsx"),
    "billion laughs": (files.with_entity(files.LAUGHS), "rows.xlsx"),
}


@pytest.mark.parametrize(("content", "name"), BY_THE_IMPORT.values(), ids=BY_THE_IMPORT)
def test_refused_by_the_import_or_harmless(content, name, send, dataset):
    """An entity that is not expanded may leave its other rows readable; nothing of the server is in them."""
    from apps.datasets.importing import import_version

    answer = send(content, name)
    if answer.status_code != 201:
        refused(answer, field="file")
        assert files_of_versions() == set()
        return
    version = dataset.versions.get()
    import_version(str(version.pk))
    version.refresh_from_db()
    told = (
        str([one.cells for one in rows_of(version)]) if version.status == DatasetVersion.Status.DRAFT else version.error
    )
    assert "root:" not in told
    assert "haha" not in told
    if version.status != DatasetVersion.Status.DRAFT:
        assert version.status in (DatasetVersion.Status.FAILED, DatasetVersion.Status.CONFIRMING)
        assert version.status == DatasetVersion.Status.CONFIRMING or is_a_sentence(version.error)
        assert "rows.csv" not in files_of_versions(), "half-written rows were left"


# --- strange, and yet a table ---------------------------------------------------------------------------------------

LINE_SEPARATOR_ROW = row(1, name="六里坪工行\u2028支行")
TWO_ENCODINGS = table(count=20).encode() + row(99, name="工行").encode("gb18030") + b"\n"
STRANGE = {
    "a thousand columns": ",".join([HEADER, *(f"c{n}" for n in range(1000))]) + "\n" + row(1) + ",x" * 1000 + "\n",
    "a cell of a megabyte": f"{HEADER},remark\n{row(1)},{'长' * 350_000}\n{row(2)},\n",
    "a name of a megabyte": f"{HEADER}\n{row(1, name='行' * 350_000)}\n{row(2)}\n",
    "formula cells": f"{HEADER}\n=1+1,=cmd|'/c calc'!A1,@SUM(A1)\n{row(1)}\n",
    "two encodings in one file": TWO_ENCODINGS,
    "right-to-left marks": f"{HEADER}\n\u202e{row(1)}\u202c\n{row(2)}\n",
    "line separators of Unicode": f"{HEADER}\n{LINE_SEPARATOR_ROW}\n{row(2)}\n",
    "the header a hundred times": "\n".join([HEADER] * 100 + [row(1)]) + "\n",
}


@pytest.mark.parametrize("what", STRANGE)
def test_strange_table_loses_no_good_row(what, imported):
    """At least the one good row that every file has is taken, or the file is refused with a sentence."""
    version = imported(STRANGE[what])
    if version.status == DatasetVersion.Status.DRAFT:
        assert any("六里坪" in str(one.cells) for one in rows_of(version))
        assert version.rows_read == version.rows_accepted + version.rows_skipped
        assert all(len(cell) < 10_000 for one in rows_of(version) for cell in one.cells)
    else:
        assert version.status in (DatasetVersion.Status.FAILED, DatasetVersion.Status.CONFIRMING)
        assert version.status == DatasetVersion.Status.CONFIRMING or is_a_sentence(version.error)


# --- names ----------------------------------------------------------------------------------------------------------

NAMES = {
    "up the tree": "../../../../etc/passwd.csv",
    "absolute": "/etc/cron.d/rows.csv",
    "drive": "C:\\Windows\\System32\\rows.csv",
    "network": "\\\\server\\share\\rows.csv",
    "mixed": "..\\../rows.csv",
    "device": "CON.csv",
    "device with a stream": "rows.csv:stream.csv",
    "255 bytes": "n" * 251 + ".csv",
    "255 bytes of Chinese": "行" * 83 + ".csv",
    "ten thousand characters": "行" * 10_000 + ".csv",
    "turned round": "rows\u202evsc.csv",
    "line break": "rows\r\nSet-Cookie: a=b.csv",
    "shell": "$(touch pwned);`id`.csv",
    "markup": "<img src=x onerror=alert(1)>.csv",
    "only an extension": ".csv",
    "dots": "...csv",
    "quotes": "ro'w\"s.csv",
}


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_name_of_a_file_is_only_ever_shown(name, upload, dataset, page, administrator, tmp_path):
    from apps.core.errors import DomainError

    try:
        version = upload(files.GOOD, name)
    except DomainError:
        assert files_of_versions() == set()
        return
    assert version.source_file.name == "source.csv"
    assert version.source_file.resolve().is_relative_to(tmp_path / "datasets")
    assert not set(version.source_name) & set("/\\\r\n\0\u202e")
    assert len(version.source_name) <= 200
    shown = page(administrator).get(f"/admin/datasets/datasetversion/{version.pk}/change/").content.decode()
    assert "<img src=x" not in shown
