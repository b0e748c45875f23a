"""Nobody changes what was recorded: neither through the models nor past them."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, connection, transaction

from apps.audit.append_only import missing_guards
from apps.audit.models import AuditArchive, AuditEntry
from apps.audit.services import record
from apps.core.errors import DomainError


@pytest.fixture
def entry(administrator) -> AuditEntry:
    record("user.signed_in", actor=administrator)
    return AuditEntry.objects.latest("seq")


@pytest.fixture
def archive(db) -> AuditArchive:
    return AuditArchive.objects.create(
        first_seq=1, last_seq=1, previous_hash="", last_hash="a", file="f", sha256="b", made_at="2026-01-01T00:00Z"
    )


def execute(statement: str) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


@pytest.mark.parametrize(
    "act",
    [
        lambda entry: entry.save(),
        lambda entry: entry.delete(),
        lambda entry: AuditEntry.objects.update(action="nothing"),
        lambda entry: AuditEntry.objects.all().delete(),
        lambda entry: AuditEntry.objects.bulk_update([entry], ["action"]),
    ],
)
def test_models_refuse_to_change_an_entry(entry, act):
    with pytest.raises(DomainError) as refused:
        act(entry)
    assert refused.value.code == "append_only"


@pytest.mark.parametrize(
    "statement", ["UPDATE audit_auditentry SET action = 'nothing'", "DELETE FROM audit_auditentry WHERE seq > 0"]
)
def test_database_refuses_to_change_an_entry(entry, statement):
    with pytest.raises(IntegrityError, match="append-only"):
        execute(statement)
    assert AuditEntry.objects.get(pk=entry.pk).action == "user.signed_in"


@pytest.mark.parametrize("statement", ["UPDATE audit_auditarchive SET last_seq = 99", "DELETE FROM audit_auditarchive"])
def test_database_refuses_to_change_the_row_of_an_archive(archive, statement):
    with pytest.raises(IntegrityError, match="append-only"):
        execute(statement)


def test_database_keeps_what_no_archive_holds(archive, administrator):
    record("user.signed_in", actor=administrator)
    assert AuditEntry.objects.earliest("seq").seq > archive.last_seq
    with pytest.raises(IntegrityError, match="append-only"):
        execute("DELETE FROM audit_auditentry")


@pytest.mark.skipif("connection.vendor != 'sqlite'", reason="REPLACE is SQLite's")
def test_sqlite_refuses_to_replace_an_entry(entry):
    columns = ", ".join(field.column for field in AuditEntry._meta.concrete_fields)
    with pytest.raises(IntegrityError, match="append-only"):
        execute(f"REPLACE INTO audit_auditentry ({columns}) SELECT {columns} FROM audit_auditentry")  # noqa: S608


@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="TRUNCATE is PostgreSQL's")
def test_postgresql_refuses_to_truncate(entry):
    with pytest.raises(IntegrityError, match="append-only"):
        execute("SET CONSTRAINTS ALL IMMEDIATE; TRUNCATE audit_auditentry")


def test_whoever_has_acted_cannot_be_deleted(entry, administrator):
    from django.db.models import ProtectedError

    with pytest.raises(ProtectedError):
        administrator.delete()


@pytest.mark.django_db(transaction=True)
def test_guards_stand_also_in_tests_that_commit():
    assert missing_guards() == []
    record("user.signed_in", target_name="somebody")


@pytest.mark.django_db(transaction=True)
def test_next_test_that_commits_starts_with_an_empty_trail():
    assert not AuditEntry.objects.exists()
    assert missing_guards() == []
