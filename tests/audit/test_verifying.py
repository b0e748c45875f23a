"""Every kind of tampering is found, by somebody who could take the guards away; and archives keep the chain."""

from __future__ import annotations

import gzip
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from apps.audit.append_only import installation, removal
from apps.audit.archiving import archive
from apps.audit.models import AuditArchive, AuditEntry
from apps.audit.services import record
from apps.core.errors import DomainError

ENTRIES = 6


@pytest.fixture(autouse=True)
def files(settings, tmp_path):
    settings.VAR_DIR = tmp_path


@pytest.fixture
def trail(db):
    for number in range(1, ENTRIES + 1):
        record("user.sign_in_refused", target_name=f"person {number}")


def tamper(*statements: str) -> None:
    """Do what an intruder with all rights on the database does."""
    with connection.cursor() as cursor:
        for statement in [*removal(connection.vendor), *statements, *installation(connection.vendor)]:
            cursor.execute(statement)


def archive_everything() -> AuditArchive:
    made = archive(timezone.now() + timedelta(seconds=1))
    assert made is not None
    return made


def complaint(*options: str) -> str:
    with pytest.raises(CommandError) as broken:
        call_command("verify_audit", *options)
    assert broken.value.returncode == 1
    return str(broken.value)


def report(capsys, *options: str) -> str:
    call_command("verify_audit", *options)
    return str(capsys.readouterr().out)


def test_untouched_trail_is_whole(trail, capsys):
    last = AuditEntry.objects.latest("seq")
    told = report(capsys)
    assert f"{ENTRIES} entries in the table" in told
    assert f"Last entry: {ENTRIES}:{last.hash}" in told


def test_empty_trail_is_whole(db, capsys):
    assert "0 entries in the table" in report(capsys)


@pytest.mark.parametrize(
    "change", ["object_name = 'nobody'", 'after = \'{"roles": ["administrator"]}\'', "actor_name = 'anna'"]
)
def test_altered_row_is_named(trail, change):
    tamper(f"UPDATE audit_auditentry SET {change} WHERE seq = 3")  # noqa: S608
    assert "entry 3 was altered" in complaint()


def test_missing_row_is_named(trail):
    tamper("DELETE FROM audit_auditentry WHERE seq = 4")
    assert "entry 4 is missing" in complaint()


def test_missing_first_rows_are_named(trail):
    tamper("DELETE FROM audit_auditentry WHERE seq < 3")
    assert "entries 1 to 2 are missing" in complaint()


def test_row_that_was_replaced_with_a_fitting_hash_breaks_the_next_link(trail):
    forged = AuditEntry.objects.get(seq=3)
    forged.object_name = "nobody"
    tamper(f"UPDATE audit_auditentry SET object_name = 'nobody', hash = '{forged.computed_hash()}' WHERE seq = 3")  # noqa: S608
    assert "entry 4 does not follow entry 3" in complaint()


def test_end_that_was_cut_off_is_noticed_with_an_entry_known_from_the_log(trail, capsys):
    known = AuditEntry.objects.get(seq=ENTRIES)
    tamper(f"DELETE FROM audit_auditentry WHERE seq = {ENTRIES}")  # noqa: S608
    assert "is whole" in report(capsys), "without a witness nobody can know"
    assert f"entry {ENTRIES} is known: it was cut" in complaint("--known", f"{ENTRIES}:{known.hash}")


def test_chain_that_was_rewritten_to_its_end_is_noticed_with_a_known_entry(trail):
    known = AuditEntry.objects.get(seq=ENTRIES)
    tamper(f"DELETE FROM audit_auditentry WHERE seq = {ENTRIES}")  # noqa: S608
    record("user.sign_in_refused", target_name="somebody else")
    assert "the trail was rewritten" in complaint("--known", f"{ENTRIES}:{known.hash}")


def test_missing_guard_is_noticed(trail):
    with connection.cursor() as cursor:
        cursor.execute(removal(connection.vendor)[0])
    assert "audit_entry_update" in complaint()


def test_archived_entries_leave_the_table_and_the_chain_goes_on(trail, capsys):
    made = archive_everything()
    assert (made.first_seq, made.last_seq) == (1, ENTRIES)
    assert list(AuditEntry.objects.values_list("seq", "action")) == [(ENTRIES + 1, "audit.archived")]
    told = report(capsys, "--archives")
    assert f"1 entries in the table, {ENTRIES} in archives" in told


def test_second_archive_follows_the_first(trail, capsys):
    archive_everything()
    second = archive_everything()
    assert (second.first_seq, second.last_seq) == (ENTRIES + 1, ENTRIES + 1)
    assert "in archives" in report(capsys, "--archives")


def test_archive_keeps_what_is_younger(trail):
    assert archive(timezone.now() - timedelta(days=1)) is None
    assert AuditEntry.objects.count() == ENTRIES


def test_archive_file_is_for_its_owner_alone(trail):
    assert archive_everything().path.stat().st_mode & 0o077 == 0


def test_broken_chain_is_not_archived(trail):
    tamper("DELETE FROM audit_auditentry WHERE seq = 4")
    with pytest.raises(DomainError) as refused:
        archive_everything()
    assert refused.value.code == "broken_chain"
    assert not AuditArchive.objects.exists()
    assert AuditEntry.objects.count() == ENTRIES - 1


def test_altered_archive_is_named(trail, capsys):
    made = archive_everything()
    content = gzip.decompress(made.path.read_bytes()).replace(b"person 2", b"person X")
    made.path.write_bytes(gzip.compress(content))
    assert "is whole" in report(capsys), "the files are read only when asked for"
    assert f"archive 1-{ENTRIES} was altered" in complaint("--archives")


def test_missing_archive_file_is_named(trail):
    archive_everything().path.unlink()
    assert f"archive 1-{ENTRIES} cannot be read" in complaint("--archives")


def test_altered_row_of_an_archive_is_named_even_with_a_fitting_file(trail):
    made = archive_everything()
    tamper(f"UPDATE audit_auditarchive SET sha256 = '{'0' * 64}' WHERE id = {made.pk}")  # noqa: S608
    assert "its seal does not fit" in complaint()


def test_missing_row_of_an_archive_is_named(trail):
    first = archive_everything()
    archive_everything()
    tamper(f"DELETE FROM audit_auditarchive WHERE id = {first.pk}")  # noqa: S608
    assert "an archive is missing" in complaint()


def test_archive_stays_valid_when_the_key_changes(trail, settings, capsys):
    archive_everything()
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another key " * 5
    assert "is whole" in report(capsys, "--archives")


def test_command_archives_what_is_before_the_day(trail, capsys):
    call_command("archive_audit", "--before", (timezone.localdate() + timedelta(days=1)).isoformat())
    assert f"{ENTRIES} entries (1-{ENTRIES})" in capsys.readouterr().out
    call_command("archive_audit", "--before", "2001-01-01")
    assert "Nothing to archive" in capsys.readouterr().out
