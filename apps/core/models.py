"""Abstract models every app builds on; no tables of its own."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any, ClassVar

from django.contrib.contenttypes.fields import GenericRelation
from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.core.access import Level
from apps.core.errors import DomainError


class Identified(models.Model):
    """A row that the outside world knows: a UUID nobody can count through, and when it was made."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False, db_index=True)
    updated_at = models.DateTimeField(_("updated"), auto_now=True, editable=False)

    class Meta:
        abstract = True


def save_valid(row: models.Model) -> None:
    """Check a row against its model's rules and save it; raises DomainError("invalid") with `fields`."""
    try:
        row.full_clean()
    except ValidationError as error:
        fields = {field: " ".join(texts) for field, texts in error.message_dict.items()}
        raise DomainError("invalid", " ".join(fields.values()), fields=fields) from error
    row.save()


class Shareable(models.Model):
    """A row that can be shared with people, roles and units, at the LEVELS of its model; see apps.users.granting."""

    LEVELS: ClassVar[tuple[Level, ...]]

    user_grants = GenericRelation("guardian.UserObjectPermission", object_id_field="object_pk")
    group_grants = GenericRelation("guardian.GroupObjectPermission", object_id_field="object_pk")
    """Both are here so that the grants on a row go when it goes."""

    class Meta:
        abstract = True


class Stateful(models.Model):
    """A row with a life: `TRANSITIONS` says which status may follow which, `move_to` does it in one UPDATE."""

    TRANSITIONS: ClassVar[Mapping[str, frozenset[str]]] = {}
    status: Any

    class Meta:
        abstract = True

    def can_move_to(self, status: str) -> bool:
        return status in self.TRANSITIONS.get(self.status, frozenset())

    def move_to(self, status: str, **fields: Any) -> None:
        """Change status and `fields` together, once, or raise DomainError: "wrong_status", "gone" (deleted meanwhile).

        The condition is in the UPDATE itself, so of two processes that try at the same time exactly one succeeds.
        """
        if not self.can_move_to(status):
            raise self._wrong_status(status)
        fields.setdefault("updated_at", timezone.now())
        rows: models.QuerySet[Any] = type(self)._default_manager.filter(pk=self.pk)
        changed = rows.filter(status=self.status).update(status=status, **fields)
        if not changed:
            if not rows.exists():
                raise DomainError("gone", str(_("This no longer exists: somebody has deleted it meanwhile.")))
            self.refresh_from_db()
            raise self._wrong_status(status)
        self.refresh_from_db()

    def _wrong_status(self, status: str) -> DomainError:
        field: Any = self._meta.get_field("status")
        labels = dict(field.flatchoices)
        return DomainError(
            "wrong_status",
            _("This is not possible while the status is “%(now)s” (wanted: “%(wanted)s”).")
            % {"now": labels.get(self.status, self.status), "wanted": labels.get(status, status)},
        )
