"""A file that arrives in pieces: what has come so far, so that a lost connection costs one piece and not the file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from apps.core.access import AccessQuerySet
from apps.core.models import Identified
from apps.datasets.models.versions import Dataset


class UploadQuerySet(AccessQuerySet):
    """An upload belongs to its maker: nobody else sees it, whatever rights he holds."""

    def visible_to(self, user: Any) -> UploadQuerySet:
        if not user.is_authenticated:
            return self.none()
        return self.filter(created_by=user, dataset__in=Dataset.objects.visible_to(user))


class Upload(Identified):
    """`received` bytes of the file lie safely on the disk; what is written beyond them does not count."""

    dataset = models.ForeignKey(Dataset, models.CASCADE, related_name="uploads", verbose_name=_("dataset"))
    name = models.CharField(_("file"), max_length=200)
    size = models.PositiveBigIntegerField(_("file size"))
    head = models.CharField(_("hash of the head"), max_length=64, blank=True)
    """What the client recognises the same file by: a hash of its first megabyte, computed where the file is."""
    sha256 = models.CharField(_("SHA-256 of the file"), max_length=64, blank=True)
    received = models.PositiveBigIntegerField(_("received"), default=0)
    expires_at = models.DateTimeField(_("expires"), db_index=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("uploaded by")
    )

    objects = UploadQuerySet.as_manager()

    class Meta:
        verbose_name = _("upload")
        verbose_name_plural = _("uploads")
        ordering = ["-created_at"]
        default_permissions = ()
        constraints = [
            models.CheckConstraint(name="upload_received_at_most_size", condition=Q(received__lte=F("size"))),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def directory(self) -> Path:
        return Path(settings.VAR_DIR) / "uploads" / str(self.pk)

    @property
    def file(self) -> Path:
        return self.directory / f"whole{Path(self.name).suffix.lower()}"
