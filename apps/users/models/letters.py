"""Letters that wait to be sent."""

from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class Letter(models.Model):
    """What to write about, never what is written: links that let somebody in are made when the letter is sent."""

    kind = models.CharField(max_length=40)
    about = models.CharField(max_length=320)
    """The number of a row, or an address that somebody typed: whether anybody has it, the worker finds out."""
    site = models.CharField(max_length=300)
    language = models.CharField(max_length=10)
    asked_at = models.DateTimeField(default=timezone.now, db_index=True)
    tried_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("letter")
        verbose_name_plural = _("letters")
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"
