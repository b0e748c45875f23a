"""The audit trail: a chain of entries, each sealed with the hash of the one before. Entries are only ever appended.

The database itself refuses what these models refuse (append_only.py).
"""

from __future__ import annotations

import hashlib
import json
from datetime import UTC
from pathlib import Path
from typing import Any, NoReturn

from django.conf import settings
from django.db import models
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from apps.audit.actions import label_of
from apps.core.access import AccessQuerySet
from apps.core.errors import DomainError

NAME_LENGTH_MAX = 200
SEAL_SALT = "mozhu.audit.archive"


def canonical(values: dict[str, Any]) -> bytes:
    """Return the one JSON text of these values: sorted keys, no spaces, UTF-8."""
    return json.dumps(values, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


class AppendOnlyQuerySet(AccessQuerySet):
    def update(self, **values: Any) -> NoReturn:
        refuse()

    def delete(self) -> NoReturn:
        refuse()


def refuse() -> NoReturn:
    raise DomainError("append_only", _now("The audit trail is only ever added to. Nothing of it can be changed."))


class AppendOnly(models.Model):
    """A row that is written once."""

    objects = AppendOnlyQuerySet.as_manager()

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            refuse()
        super().save(*args, **{**kwargs, "force_insert": True})

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        refuse()


class AuditEntryQuerySet(AppendOnlyQuerySet):
    def leave(self, archive: AuditArchive) -> None:
        """Remove the entries that stand in the archive; the database lets go of no others."""
        models.QuerySet.delete(self.filter(seq__lte=archive.last_seq))


class AuditEntry(AppendOnly):
    """Who did what to which object, when and from where. `seq` counts 1, 2, 3 ... without a gap."""

    seq = models.PositiveBigIntegerField(_("number"), primary_key=True)
    at = models.DateTimeField(_("when"), db_index=True)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("who")
    )
    """PROTECT: whoever has acted is switched off, never deleted."""
    actor_name = models.CharField(_("user name"), max_length=NAME_LENGTH_MAX, blank=True)
    action = models.CharField(_("act"), max_length=80, db_index=True)
    object_type = models.CharField(_("kind of object"), max_length=100, blank=True)
    object_id = models.CharField(_("id of the object"), max_length=64, blank=True)
    object_name = models.CharField(_("object"), max_length=NAME_LENGTH_MAX, blank=True)
    before = models.JSONField(_("before"), default=dict)
    after = models.JSONField(_("after"), default=dict)
    address = models.CharField(_("address"), max_length=64, blank=True)
    request_id = models.CharField(_("request"), max_length=64, blank=True, db_index=True)
    previous_hash = models.CharField(_("hash of the entry before"), max_length=64, unique=True)
    """Unique: two entries can never follow the same one."""
    hash = models.CharField(_("hash"), max_length=64)

    objects = AuditEntryQuerySet.as_manager()  # type: ignore[misc]

    class Meta:
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit entries")
        ordering = ["-seq"]
        default_permissions = ["view"]
        indexes = [models.Index(fields=["object_type", "object_id"], name="audit_entry_object")]

    def __str__(self) -> str:
        return f"{self.seq} · {label_of(self.action)}"

    def content(self) -> dict[str, Any]:
        """Return everything the entry says, as plain JSON values; its own hash is not part of it."""
        return {
            "seq": self.seq,
            "at": self.at.astimezone(UTC).isoformat(timespec="microseconds"),
            "actor": None if self.actor_id is None else str(self.actor_id),
            "actor_name": self.actor_name,
            "action": self.action,
            "object_type": self.object_type,
            "object_id": self.object_id,
            "object_name": self.object_name,
            "before": self.before,
            "after": self.after,
            "address": self.address,
            "request_id": self.request_id,
            "previous_hash": self.previous_hash,
        }

    def computed_hash(self) -> str:
        """Return SHA-256 (hex) over the content, and so over every entry before."""
        return hash_of(self.content())


def hash_of(content: dict[str, Any]) -> str:
    return hashlib.sha256(canonical(content)).hexdigest()


def archive_directory() -> Path:
    return Path(settings.VAR_DIR) / "audit"


class AuditArchive(AppendOnly):
    """A sealed file (gzip, JSON lines) with entries `first_seq` to `last_seq`, which may then leave the table."""

    first_seq = models.PositiveBigIntegerField(_("first number"), unique=True)
    last_seq = models.PositiveBigIntegerField(_("last number"), unique=True)
    previous_hash = models.CharField(_("hash of the entry before"), max_length=64, unique=True)
    last_hash = models.CharField(_("hash of the last entry"), max_length=64)
    file = models.CharField(_("file"), max_length=200)
    sha256 = models.CharField(_("SHA-256 of the file"), max_length=64)
    made_at = models.DateTimeField(_("made"))
    seal = models.CharField(_("seal"), max_length=64)

    class Meta:
        verbose_name = _("archive of the audit trail")
        verbose_name_plural = _("archives of the audit trail")
        ordering = ["-last_seq"]
        default_permissions = ["view"]

    def __str__(self) -> str:
        return f"{self.first_seq}-{self.last_seq}"

    @property
    def path(self) -> Path:
        return archive_directory() / self.file

    @property
    def is_sealed(self) -> bool:
        """Whether the row is as it was written, under the present SECRET_KEY or a former one."""
        keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
        return any(constant_time_compare(self.seal, self.computed_seal(key)) for key in keys)

    def computed_seal(self, secret: str | bytes | None = None) -> str:
        """Return the HMAC-SHA-256 (hex) over everything the row says; nobody without the SECRET_KEY can make it."""
        content = {
            "first_seq": self.first_seq,
            "last_seq": self.last_seq,
            "previous_hash": self.previous_hash,
            "last_hash": self.last_hash,
            "file": self.file,
            "sha256": self.sha256,
            "made_at": self.made_at.astimezone(UTC).isoformat(timespec="microseconds"),
        }
        return salted_hmac(SEAL_SALT, canonical(content), secret=secret, algorithm="sha256").hexdigest()
