from __future__ import annotations

import errno
import hashlib
import io
import shutil
import threading

import pytest
from django.db import connection

from apps.core.errors import DomainError
from apps.datasets import resumable, services
from apps.datasets.models import DatasetVersion, Upload
from tests.datasets.conftest import table

CONTENT = table(count=300).encode()
CUT = 5_000


@pytest.fixture
def start(dataset, administrator):
    """Return a function that announces CONTENT, or what else is said of it."""

    def announce(**facts) -> Upload:
        given = {"name": "目录.csv", "size": len(CONTENT), "head": "h1", "actor": administrator} | facts
        return resumable.start_upload(dataset, **given)

    return announce


def send(upload: Upload, content: bytes, *, offset: int, length: int | None = None) -> Upload:
    announced = len(content) if length is None else length
    return resumable.append_piece(upload, offset=offset, length=announced, body=io.BytesIO(content))


def refused(act, *arguments, **facts) -> DomainError:
    with pytest.raises(DomainError) as caught:
        act(*arguments, **facts)
    return caught.value


def pieces_left(upload: Upload) -> list[str]:
    return sorted(path.name for path in upload.directory.iterdir()) if upload.directory.exists() else []


def test_file_in_two_pieces_becomes_the_next_version(start, administrator):
    upload = send(start(), CONTENT[:CUT], offset=0)
    assert upload.received == CUT
    send(upload, CONTENT[CUT:], offset=CUT)
    version = resumable.complete_upload(upload, actor=administrator, sha256=hashlib.sha256(CONTENT).hexdigest())
    assert (version.number, version.status, version.source_name) == (1, "uploaded", "目录.csv")
    assert version.source_file.read_bytes() == CONTENT
    assert version.source_sha256 == hashlib.sha256(CONTENT).hexdigest()
    assert not Upload.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_nothing_of_an_upload_is_left_after_it_is_complete(start, administrator, own_files):
    upload = send(start(), CONTENT, offset=0)
    resumable.complete_upload(upload, actor=administrator)
    assert list((own_files / "uploads").iterdir()) == []


def test_same_file_goes_on_where_it_was_cut_off(start):
    upload = send(start(), CONTENT[:CUT], offset=0)
    again = start()
    assert (again.pk, again.received) == (upload.pk, CUT)


@pytest.mark.parametrize("other", [{"name": "b.csv"}, {"size": 9}, {"head": "h2"}, {"head": ""}])
def test_another_file_starts_anew(start, other):
    first = start()
    assert start(**other).pk != first.pk


def test_upload_of_somebody_else_is_not_gone_on_with(start, make_user):
    assert start().pk != start(actor=make_user("administrator")).pk


def test_repeated_piece_is_harmless(start):
    upload = send(start(), CONTENT[:CUT], offset=0)
    assert send(upload, CONTENT[:CUT], offset=0).received == CUT
    assert upload.file.read_bytes() == CONTENT[:CUT]


def test_wrong_offset_is_told_the_right_one(start):
    upload = send(start(), CONTENT[:CUT], offset=0)
    problem = refused(send, upload, b"x" * 10, offset=CUT + 1)
    assert (problem.code, problem.values) == ("wrong_offset", {"received": CUT})


@pytest.mark.parametrize("content", [b"short", b"x" * 2_000])
def test_piece_of_another_length_than_announced_counts_for_nothing(start, content):
    upload = start()
    assert refused(send, upload, content, offset=0, length=1_000).code == "cut_off"
    upload.refresh_from_db()
    assert upload.received == 0
    assert pieces_left(upload) == []


@pytest.mark.parametrize("length", [len(CONTENT) + 1, resumable.PIECE_BYTES_MAX + 1, -1])
def test_piece_beyond_the_end_or_the_limit_is_refused(start, length):
    assert refused(send, start(), b"x", offset=0, length=length).code == "wrong_length"


def test_piece_without_a_length_is_refused(start):
    problem = refused(resumable.append_piece, start(), offset=0, length=None, body=io.BytesIO(b"x"))
    assert problem.code == "wrong_length"


def test_what_a_killed_process_wrote_beyond_the_count_is_overwritten(start, administrator):
    upload = send(start(), CONTENT[:CUT], offset=0)
    with upload.file.open("ab") as file:
        file.write(b"half a piece that was never counted" * 400)
    send(upload, CONTENT[CUT:], offset=CUT)
    version = resumable.complete_upload(upload, actor=administrator)
    assert version.source_file.read_bytes() == CONTENT


def test_two_gigabytes_are_refused_before_a_byte_is_sent(start):
    problem = refused(start, size=2 * 2**30)
    assert problem.code == "too_large"
    assert "256" in problem.fields["file"]
    assert not Upload.objects.exists()


@pytest.mark.parametrize(("facts", "code"), [({"size": 0}, "empty"), ({"name": "a.exe"}, "wrong_extension")])
def test_file_that_could_never_be_imported_is_refused_at_once(start, facts, code):
    assert refused(start, **facts).code == code


def test_disk_without_room_for_the_file_is_said_before_a_byte_is_sent(start, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(10**9, 10**9 - 1, 1))
    assert refused(start).code == "disk_full"


def test_disk_that_fills_up_leaves_no_half_piece(start, monkeypatch):
    upload = send(start(), CONTENT[:CUT], offset=0)

    def full(*args):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(resumable.os, "fsync", full)
        assert refused(send, upload, CONTENT[CUT:], offset=CUT).code == "disk_full"
    upload.refresh_from_db()
    assert upload.received == CUT
    assert pieces_left(upload) == ["whole.csv"]
    assert send(upload, CONTENT[CUT:], offset=CUT).received == len(CONTENT)


def test_incomplete_upload_makes_no_version(start, administrator):
    upload = send(start(), CONTENT[:CUT], offset=0)
    problem = refused(resumable.complete_upload, upload, actor=administrator)
    assert (problem.code, problem.values) == ("incomplete", {"received": CUT})


@pytest.mark.django_db(transaction=True)
def test_file_that_is_not_the_announced_one_is_given_up(start, administrator):
    upload = send(start(sha256="0" * 64), CONTENT, offset=0)
    assert refused(resumable.complete_upload, upload, actor=administrator).code == "hash_mismatch"
    assert not Upload.objects.exists()
    assert not DatasetVersion.objects.exists()
    assert not upload.directory.exists()


def test_file_of_another_kind_than_its_name_says_is_given_up(start, administrator):
    upload = send(start(size=8), b"PK\x03\x04\0\0\0\0", offset=0)
    problem = refused(resumable.complete_upload, upload, actor=administrator)
    assert (problem.code, list(problem.fields)) == ("not_text", ["file"])
    assert not Upload.objects.exists()


def test_same_file_is_recognised_and_may_be_completed_again(start, administrator, upload):
    first = upload(CONTENT)
    arrived = send(start(), CONTENT, offset=0)
    problem = refused(resumable.complete_upload, arrived, actor=administrator)
    assert (problem.code, problem.values) == ("same_file", {"version": 1, "id": str(first.pk)})
    assert administrator.username in problem.message
    assert resumable.complete_upload(arrived, actor=administrator, again=True).number == 2


def test_same_file_whose_hash_is_announced_is_recognised_before_a_byte_is_sent(start, upload):
    upload(CONTENT)
    sha256 = hashlib.sha256(CONTENT).hexdigest()
    assert refused(start, sha256=sha256).code == "same_file"
    assert start(sha256=sha256, again=True).received == 0


def test_file_of_a_cancelled_version_is_new_again(start, administrator, upload):
    services.cancel_import(upload(CONTENT), actor=administrator)
    assert start(sha256=hashlib.sha256(CONTENT).hexdigest())


@pytest.mark.django_db(transaction=True)
def test_aborted_upload_leaves_nothing(start):
    upload = send(start(), CONTENT[:CUT], offset=0)
    directory = upload.directory
    resumable.abort_upload(upload)
    assert not directory.exists()
    assert not Upload.objects.exists()


class Meeting(io.BytesIO):
    """A body whose readers wait for each other: both windows are past every check before one may write."""

    def __init__(self, content: bytes, barrier: threading.Barrier) -> None:
        super().__init__(content)
        self._barrier = barrier

    def read(self, size: int | None = -1) -> bytes:
        if self.tell() == 0:
            self._barrier.wait(10)
        return super().read(size)


@pytest.mark.django_db(transaction=True)
def test_of_two_windows_that_write_at_once_one_wins(start):
    upload = start()
    barrier = threading.Barrier(2)
    outcomes: list[str] = []

    def window(content: bytes) -> None:
        try:
            own = Upload.objects.get(pk=upload.pk)
            resumable.append_piece(own, offset=0, length=len(content), body=Meeting(content, barrier))
            outcomes.append(content[:1].decode())
        except DomainError as problem:
            outcomes.append(problem.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=window, args=[letter * 4_000]) for letter in (b"a", b"b")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    upload.refresh_from_db()
    (winner,) = set(outcomes) - {"wrong_offset"}
    assert sorted(outcomes) == sorted([winner, "wrong_offset"])
    assert upload.received == 4_000
    assert upload.file.read_bytes() == winner.encode() * 4_000
