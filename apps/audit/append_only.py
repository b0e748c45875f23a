"""What makes the database itself refuse to change the audit trail, whoever asks: triggers, for each kind of database.

An entry goes only once an archive holds it, an archive's row never. On SQLite a migration that rebuilds one of the two
tables drops their triggers with it: it starts with `remove` and ends with `install`. `verify_audit` notices a guard
that is missing.
"""

from __future__ import annotations

from typing import Any

from django.db import connection

_SQLITE = {
    "audit_entry_update": """
        CREATE TRIGGER audit_entry_update BEFORE UPDATE ON audit_auditentry
        BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END""",
    "audit_entry_delete": """
        CREATE TRIGGER audit_entry_delete BEFORE DELETE ON audit_auditentry
        WHEN OLD.seq > COALESCE((SELECT MAX(last_seq) FROM audit_auditarchive), 0)
        BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END""",
    "audit_entry_replace": """
        CREATE TRIGGER audit_entry_replace BEFORE INSERT ON audit_auditentry
        WHEN EXISTS (SELECT 1 FROM audit_auditentry WHERE seq = NEW.seq OR previous_hash = NEW.previous_hash)
        BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END""",
    "audit_archive_update": """
        CREATE TRIGGER audit_archive_update BEFORE UPDATE ON audit_auditarchive
        BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END""",
    "audit_archive_delete": """
        CREATE TRIGGER audit_archive_delete BEFORE DELETE ON audit_auditarchive
        BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END""",
    "audit_archive_replace": """
        CREATE TRIGGER audit_archive_replace BEFORE INSERT ON audit_auditarchive
        WHEN EXISTS (SELECT 1 FROM audit_auditarchive WHERE id = NEW.id OR last_seq >= NEW.first_seq)
        BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END""",
}
_POSTGRESQL = {
    "audit_entry_update": """
        CREATE TRIGGER audit_entry_update BEFORE UPDATE ON audit_auditentry
        FOR EACH ROW EXECUTE FUNCTION audit_refuse()""",
    "audit_entry_delete": """
        CREATE TRIGGER audit_entry_delete BEFORE DELETE ON audit_auditentry
        FOR EACH ROW EXECUTE FUNCTION audit_refuse_unless_archived()""",
    "audit_entry_truncate": """
        CREATE TRIGGER audit_entry_truncate BEFORE TRUNCATE ON audit_auditentry
        FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse()""",
    "audit_archive_update": """
        CREATE TRIGGER audit_archive_update BEFORE UPDATE OR DELETE ON audit_auditarchive
        FOR EACH ROW EXECUTE FUNCTION audit_refuse()""",
    "audit_archive_truncate": """
        CREATE TRIGGER audit_archive_truncate BEFORE TRUNCATE ON audit_auditarchive
        FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse()""",
}
_POSTGRESQL_FUNCTIONS = [
    """
        CREATE OR REPLACE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION 'the audit trail is append-only' USING ERRCODE = 'integrity_constraint_violation';
        END $$""",
    """
        CREATE OR REPLACE FUNCTION audit_refuse_unless_archived() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF OLD.seq > COALESCE((SELECT MAX(last_seq) FROM audit_auditarchive), 0) THEN
                RAISE EXCEPTION 'the audit trail is append-only' USING ERRCODE = 'integrity_constraint_violation';
            END IF;
            RETURN OLD;
        END $$""",
]
_NAMES = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger'",
    "postgresql": "SELECT tgname FROM pg_trigger WHERE tgenabled <> 'D' AND NOT tgisinternal",
}
GUARDS = {"sqlite": _SQLITE, "postgresql": _POSTGRESQL}


def installation(vendor: str) -> list[str]:
    """Return the statements that put every guard in place."""
    return [*(_POSTGRESQL_FUNCTIONS if vendor == "postgresql" else []), *GUARDS[vendor].values()]


def removal(vendor: str) -> list[str]:
    """Return the statements that take every guard away."""
    table = {"sqlite": "", "postgresql": " ON audit_audit{}"}[vendor]
    return [f"DROP TRIGGER IF EXISTS {name}{table.format(name.split('_')[1])}" for name in GUARDS[vendor]]


def install(apps: Any, schema_editor: Any) -> None:
    """Put every guard in place; for migrations."""
    for statement in installation(schema_editor.connection.vendor):
        schema_editor.execute(statement, params=None)


def remove(apps: Any, schema_editor: Any) -> None:
    """Take every guard away; for migrations."""
    for statement in removal(schema_editor.connection.vendor):
        schema_editor.execute(statement, params=None)


def missing_guards() -> list[str]:
    """Return the names of the triggers that are not there, or switched off."""
    with connection.cursor() as cursor:
        cursor.execute(_NAMES[connection.vendor])
        present = {name for (name,) in cursor.fetchall()}
    return sorted(set(GUARDS[connection.vendor]) - present)
