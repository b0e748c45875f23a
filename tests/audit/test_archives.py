"""Archives: made every night when the operator says so, listed and taken away in the console."""

from __future__ import annotations

import gzip
from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone

from apps.audit import services
from apps.audit.archiving import archive
from apps.audit.models import AuditArchive, AuditEntry
from workers.tasks import audit as tasks

LIST = reverse("admin:audit_auditarchive_changelist")


@pytest.fixture(autouse=True)
def files(settings, tmp_path):
    settings.VAR_DIR = tmp_path


@pytest.fixture
def old_entries(db, monkeypatch):
    """Three entries that are forty days old, and a young one."""
    forty_days_ago = timezone.now() - timedelta(days=40)
    with monkeypatch.context() as then:
        then.setattr(services.timezone, "now", lambda: forty_days_ago)
        for number in range(3):
            services.record("user.sign_in_refused", target_name=f"person {number}")
    services.record("user.sign_in_refused", target_name="today")


@pytest.fixture
def made(old_entries) -> AuditArchive:
    archived = archive(timezone.now() - timedelta(days=30))
    assert archived is not None
    return archived


def address(archived: AuditArchive) -> str:
    return reverse("admin:audit_auditarchive_file", args=[archived.pk])


def test_without_a_number_of_days_every_entry_stays(old_entries, settings):
    settings.AUDIT_DAYS = 0
    tasks.archive()
    assert not AuditArchive.objects.exists()
    assert AuditEntry.objects.count() == 4


def test_what_is_older_leaves_the_table_and_the_trail_is_whole(old_entries, settings, capsys):
    settings.AUDIT_DAYS = 30
    tasks.archive()
    assert str(AuditArchive.objects.get()) == "1-3"
    kept = set(AuditEntry.objects.values_list("object_name", "action"))
    assert kept == {("today", "user.sign_in_refused"), ("1-3", "audit.archived")}
    call_command("verify_audit", "--archives")
    assert "2 entries in the table, 3 in archives" in capsys.readouterr().out


def test_administrator_takes_an_archive_away_and_that_is_recorded(made, page, administrator):
    console = page(administrator)
    assert address(made) in console.get(LIST).content.decode()
    answer = console.get(address(made))
    assert gzip.decompress(b"".join(answer)).count(b"\n") == 3
    entry = AuditEntry.objects.get(action="audit.archive_downloaded")
    assert (entry.actor, entry.object_id) == (administrator, str(made.pk))


def test_archive_that_was_moved_elsewhere_is_listed_without_a_link(made, page, administrator):
    made.path.unlink()
    console = page(administrator)
    shown = console.get(LIST).content.decode()
    assert made.file in shown
    assert address(made) not in shown
    assert console.get(address(made)).status_code == 404


def test_who_may_read_the_trail_does_not_thereby_take_archives(made, page, user):
    codes = ["view_auditentry", "enter_console"]
    user.user_permissions.add(*Permission.objects.filter(codename__in=codes))
    assert page(user).get(LIST).status_code == 403
    assert page(user).get(address(made)).status_code in (403, 404)
