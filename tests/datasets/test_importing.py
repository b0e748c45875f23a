from __future__ import annotations

import hashlib
import json
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from apps.datasets import importing, indexing, lease, recording
from apps.datasets.failures import Superseded
from apps.datasets.issues import Issue, issues_of
from apps.datasets.models import DatasetVersion
from apps.datasets.readers import limits, text
from apps.datasets.rows import Row, rows_of
from tests.datasets.conftest import HEADER, code, row, table, workbook

Status = DatasetVersion.Status
EXAMPLE = "中国邮政储蓄银行股份有限公司丹江口市六里坪支行,403539100200,403100000004"


def cells(version) -> list[list[str]]:
    return [list(row.cells) for row in rows_of(version)]


def only_issue(version) -> Issue:
    (issue,) = issues_of(version)
    return issue


def codes(version) -> dict[str, int]:
    return version.receipt["codes"]


def test_import_ends_in_a_draft_with_records_files_and_receipt(imported):
    version = imported(f"{HEADER}\n{EXAMPLE}\n{row(1)}\n")
    assert (version.status, version.progress, version.error) == (Status.DRAFT, 100, "")
    assert (version.rows_read, version.rows_accepted, version.rows_skipped) == (2, 2, 0)
    assert rows_of(version)[0] == Row(line=2, cells=tuple(EXAMPLE.split(",")))
    assert version.rows_file.read_text() == f"name,code,clearing_code\n{EXAMPLE}\n{row(1)}\n"
    assert version.content_sha256 == hashlib.sha256(version.rows_file.read_bytes()).hexdigest()
    assert json.loads((version.index_directory / "manifest.json").read_text())["rows"] == 2
    assert version.receipt["read"] == version.receipt["accepted"] + version.receipt["skipped"]
    assert sorted(path.name for path in version.directory.iterdir()) == [
        "head.json",
        "index",
        "issues.arrow",
        "rows.arrow",
        "rows.csv",
        "source.csv",
    ]


@pytest.mark.parametrize(
    ("encoding", "name"),
    [("utf-8", "UTF-8"), ("utf-8-sig", "UTF-8"), ("gb18030", "GB18030"), ("utf-16", "UTF-16")],
)
def test_text_in_every_usual_encoding_is_read(imported, encoding, name):
    version = imported(f"{HEADER}\n{EXAMPLE}\n".encode(encoding), "rows.txt")
    assert cells(version) == [EXAMPLE.split(",")]
    assert version.receipt["source"]["encoding"] == name


@pytest.mark.parametrize("delimiter", [",", "\t", ";", "|"])
def test_every_usual_delimiter_is_recognised(imported, delimiter):
    content = "\r\n".join([HEADER, EXAMPLE, row(2)]).replace(",", delimiter)
    assert cells(imported(content))[0] == EXAMPLE.split(",")


def test_headerless_file_in_the_order_of_the_schema_is_read(imported):
    version = imported(f"{EXAMPLE}\n{row(1)}\n")
    assert cells(version)[0] == EXAMPLE.split(",")
    assert version.receipt["has_header"] is False
    assert rows_of(version)[0].line == 1


def test_headerless_file_with_the_code_first_is_read(imported):
    lines = [f"{code(n)},支行{n},403100000004,1,BOC" for n in range(30)]
    assert cells(imported("\n".join(lines)))[3] == ["支行3", code(3), "403100000004"]


def test_headerless_file_with_the_clearing_code_first_is_told_by_its_repetition(imported):
    lines = [f"403100000004,支行{n},{code(n)}" for n in range(30)]
    assert cells(imported("\n".join(lines)))[3] == ["支行3", code(3), "403100000004"]


def test_header_in_other_words_order_and_company_is_understood(imported):
    version = imported(f"序号,大额行号,清算行号,网点名称\n7,{code(1)},,某某支行\n")
    assert cells(version) == [["某某支行", code(1), ""]]
    assert version.receipt["ignored_columns"] == ["序号"]


def test_header_in_unknown_words_is_not_taken_for_a_row(imported):
    version = imported("甲,乙,丙\n" + "\n".join(row(n) for n in range(5)))
    assert (version.rows_read, version.rows_skipped) == (5, 0)


def test_title_above_the_header_is_passed_over(imported):
    version = imported(workbook([["全国联行号表", None, None], HEADER.split(","), EXAMPLE.split(",")]), "t.xlsx")
    assert (version.rows_read, cells(version)) == (1, [EXAMPLE.split(",")])


def test_numbers_of_a_workbook_become_codes_again(imported):
    version = imported(workbook([HEADER.split(","), ["六里坪支行", 403539100200.0, 403100000004]]), "t.xlsx")
    assert cells(version) == [["六里坪支行", "403539100200", "403100000004"]]


@pytest.mark.parametrize(
    "spelling", ["４０３５３９１００２００", "403539100200.0", "'403539100200", " 4035 3910 0200 "]
)
def test_what_spreadsheets_do_to_codes_is_undone(imported, spelling):
    assert cells(imported(f"{HEADER}\n支行,{spelling},\n"))[0][1] == "403539100200"


def test_leading_zeros_survive(imported):
    assert cells(imported(f"{HEADER}\n中国人民银行,001666666666,001666666666\n"))[0][1] == "001666666666"


def test_blank_lines_are_no_rows(imported):
    assert imported(f"{HEADER}\n\n{EXAMPLE}\n,,\n\n").rows_read == 1


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (f",{code(9)},", "missing"),
        ("支行,,", "missing"),
        ("支行,40353910020,", "digits"),
        ("支行,40353910020X,", "digits"),
        ("支行,4.03539E+11,", "shortened"),
        (f"支行,{code(9)},12", "digits"),
        (f"支行,{code(9)}", "column_count"),
        (f"支行,{code(9)},403100000004,更多", "column_count"),
        (f"{'长' * 501},{code(9)},", "too_long"),
        (f'"支\n行",{code(9)},', "line_break"),
        (row(1), "duplicate_row"),
        (row(1, name="另一支行"), "duplicate_identifier"),
        (f"支\ufffd行,{code(9)},", "undecodable"),
    ],
)
def test_bad_row_is_skipped_with_its_line_and_reason(imported, line, reason):
    version = imported(table(line, row(8)))
    assert (version.status, version.rows_accepted, version.rows_skipped) == (Status.DRAFT, 4, 1)
    issue = only_issue(version)
    assert (issue.line, issue.severity, issue.code) == (5, "error", reason)
    assert issue.message.sentence
    assert issue.message.remedy
    assert 5 not in [row.line for row in rows_of(version)]
    assert codes(version) == {reason: 1}


def test_of_two_rows_with_one_identifier_the_first_is_kept(imported):
    version = imported(table(row(1, name="另一支行")))
    assert [cells[0] for cells in cells(version) if cells[1] == code(1)] == row(1).split(",")[:1]
    assert only_issue(version).params == {"first": 3}


def test_wrong_check_digit_is_a_warning(imported):
    wrong = code(9)[:-1] + str((int(code(9)[-1]) + 1) % 10)
    version = imported(table(f"支行,{wrong},"))
    assert (version.rows_accepted, version.rows_skipped, version.warning_count) == (4, 0, 1)
    assert (only_issue(version).severity, only_issue(version).value) == ("warning", wrong)


def test_damaged_bytes_cost_their_row_only(imported):
    good = table(count=40).encode()
    version = imported(good + b"\xff\xfe\xff," + code(99).encode() + b",\n")
    assert (version.rows_accepted, codes(version)) == (40, {"undecodable": 1})


def test_line_of_a_row_counts_the_lines_before_it(imported):
    assert rows_of(imported(f'{HEADER}\n"a\nb",{code(1)},\n{EXAMPLE}\n'))[0].line == 4


def test_every_skipped_row_is_kept_for_the_receipt(imported):
    version = imported(table(*[f"支行{n},{n}," for n in range(1200)]))
    assert codes(version) == {"digits": 1200}
    assert [(issue.line, issue.value) for issue in issues_of(version)] == [(n + 5, str(n)) for n in range(1200)]


def test_value_is_cut_where_it_is_stored(imported):
    assert len(only_issue(imported(table(f"支行,{'9' * 900},"))).value) == 200


@pytest.mark.parametrize("quoted", [False, True])
def test_several_blocks_give_the_same_as_one(imported, monkeypatch, quoted):
    content = table(*['"支行", 12 ,'] * quoted, count=50)
    whole = imported(content)
    monkeypatch.setattr(text, "_BLOCK_BYTES", 150)
    monkeypatch.setattr(text, "_BLOCK_ROWS", 7)
    parts = imported(content + "\n")
    assert list(issues_of(parts)) == list(issues_of(whole))
    assert parts.content_sha256 == whole.content_sha256
    assert cells(parts) == cells(whole)


# --- failures ------------------------------------------------------------------------------------------------------


def failure(version) -> str:
    """The code of a failure that has left nothing behind and says something."""
    assert version.status == Status.FAILED
    assert version.error
    assert version.remedy
    assert not rows_of(version)
    assert {path.name.split(".")[0] for path in version.directory.iterdir()} <= {"source", "issues"}
    return version.failure["code"]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("\n\n", "empty"),
        (HEADER, "empty"),
        (f"{HEADER}\n支行,1,\n", "no_rows"),
    ],
)
def test_file_without_usable_rows_fails_with_a_sentence(imported, content, reason):
    assert failure(imported(content)) == reason


def test_reasons_are_kept_when_no_row_could_be_taken(imported):
    version = imported(f"{HEADER}\n支行,1,\n支行,2,\n")
    assert (len(issues_of(version)), version.receipt["read"]) == (2, 2)


def test_too_many_rows_fail(imported, monkeypatch):
    monkeypatch.setattr(limits, "ROWS_MAX", 10)
    assert failure(imported(table(count=11))) == "too_many_rows"


def test_missing_source_fails_with_a_sentence(upload):
    version = upload(table())
    version.source_file.unlink()
    importing.import_version(str(version.pk))
    version.refresh_from_db()
    assert (version.status, version.failure["code"]) == (Status.FAILED, "files_missing")


def test_fault_of_our_own_is_logged_under_the_number_shown(imported, monkeypatch, caplog):
    def broken(*args, **kwargs):
        raise ZeroDivisionError

    monkeypatch.setattr(importing, "sift", broken)
    version = imported(table())
    assert failure(version) == "internal"
    assert version.failure["params"]["number"] in caplog.text


# --- two workers, dead workers -------------------------------------------------------------------------------------


def die_while_importing(version, *, seconds_ago: float) -> None:
    """Leave the row and files as a worker would that was killed in the middle."""
    held = lease.claim(str(version.pk))
    (held.directory / ".rows.csv.part").write_text("half")
    beat = timezone.now() - timedelta(seconds=seconds_ago)
    DatasetVersion.objects.filter(pk=version.pk).update(heartbeat=beat)


def test_import_of_a_dead_worker_starts_again_cleanly(upload, settings):
    version = upload(table())
    die_while_importing(version, seconds_ago=settings.HEARTBEAT_LOST_SECONDS + 1)
    importing.import_version(str(version.pk))
    version.refresh_from_db()
    assert (version.status, version.attempt, len(rows_of(version))) == (Status.DRAFT, 2, 3)
    assert not (version.directory / ".rows.csv.part").exists()


def test_import_of_a_living_worker_is_left_alone(upload):
    version = upload(table())
    die_while_importing(version, seconds_ago=1)
    importing.import_version(str(version.pk))
    version.refresh_from_db()
    assert (version.status, version.attempt) == (Status.IMPORTING, 1)


def test_second_message_for_a_finished_import_does_nothing(imported):
    version = imported(table())
    importing.import_version(str(version.pk))
    indexing.index_version(str(version.pk))
    assert DatasetVersion.objects.get(pk=version.pk).attempt == version.attempt


def test_worker_that_lost_its_lease_writes_nothing_more(upload):
    version = upload(table())
    first = lease.claim(str(version.pk))
    DatasetVersion.objects.filter(pk=version.pk).update(heartbeat=timezone.now() - timedelta(minutes=5))
    second = lease.claim(str(version.pk))
    lease.hold(second, progress=5)
    with pytest.raises(Superseded):
        lease.hold(first, progress=50)
    version.refresh_from_db()
    assert version.progress == 5


def lose(version) -> DatasetVersion:
    """Let the version's worker seem dead and another one take over; return what that one holds."""
    DatasetVersion.objects.filter(pk=version.pk).update(heartbeat=timezone.now() - timedelta(minutes=5))
    return lease.claim(str(version.pk))


def test_worker_that_lost_its_lease_puts_no_file_in_place(upload, monkeypatch):
    version = upload(table())
    write_rows = recording.VersionFiles.write_rows

    def write_and_lose(files, rows):
        lose(version)
        return write_rows(files, rows)

    monkeypatch.setattr(recording.VersionFiles, "write_rows", write_and_lose)
    importing.import_version(str(version.pk))
    version.refresh_from_db()
    assert (version.status, version.attempt) == (Status.IMPORTING, 2)
    assert sorted(path.name for path in version.directory.iterdir()) == ["head.json", "source.csv"]


REAL = Path(__file__).parents[3] / "shared" / "data"


@pytest.mark.skipif(not REAL.exists(), reason="the real files are not on this machine (../shared/data)")
@pytest.mark.parametrize(
    ("path", "name", "rows", "same_names"),
    [
        ("cnaps_real.csv", "real.csv", 5944, 13),
        ("raw/headerless_code_first.txt", "raw.txt", 1000, 3),
        ("raw/pipe_layout.unl", "pipe.txt", 5, 0),
    ],
)
def test_real_files_are_read_whole(imported, path, name, rows, same_names):
    version = imported((REAL / path).read_bytes(), name)
    assert (version.rows_accepted, version.rows_skipped, version.warning_count) == (rows, 0, same_names)
    assert [issue.code for issue in issues_of(version)] == ["duplicate_name"] * same_names
