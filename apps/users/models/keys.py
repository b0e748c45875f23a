"""Keys with which programs call the API in a person's name."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.core.access import AccessQuerySet
from apps.core.models import Identified
from apps.users.scopes import SCOPES, covers


class ApiKeyQuerySet(AccessQuerySet):
    owner_field = "user"

    def working(self) -> ApiKeyQuerySet:
        return self.filter(revoked_at=None, expires_at__gt=timezone.now())


class ApiKey(Identified):
    """`prefix` is the part that people see. Of the secret only SHA-256 is kept: 256 random bits need no slow hash."""

    class State(models.TextChoices):
        WORKING = "working", _("works")
        EXPIRED = "expired", _("expired")
        REVOKED = "revoked", _("revoked")

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="api_keys", verbose_name=_("user"), editable=False
    )
    name = models.CharField(_("name"), max_length=100)
    prefix = models.CharField(_("begins with"), max_length=20, unique=True, editable=False)
    secret_sha256 = models.CharField(max_length=64, editable=False)
    scopes = models.JSONField(_("may be used for"), default=list)
    expires_at = models.DateTimeField(_("expires"))
    last_used_at = models.DateTimeField(_("last used"), null=True, editable=False)
    last_address = models.CharField(_("from address"), max_length=64, blank=True, editable=False)
    revoked_at = models.DateTimeField(_("revoked"), null=True, editable=False)

    objects = ApiKeyQuerySet.as_manager()

    class Meta:
        verbose_name = _("API key")
        verbose_name_plural = _("API keys")
        ordering = ["-created_at"]
        default_permissions = ["view", "change"]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"

    @property
    def state(self) -> str:
        if self.revoked_at:
            return self.State.REVOKED
        return self.State.EXPIRED if self.expires_at <= timezone.now() else self.State.WORKING

    @property
    def state_label(self) -> Any:
        return self.State(self.state).label

    @property
    def scope_labels(self) -> list[Any]:
        return [SCOPES[scope].label if scope in SCOPES else scope for scope in self.scopes]

    def covers(self, permission: str) -> bool:
        """Return whether the key may be used where `permission` ("app.codename") is asked for."""
        return covers(self.scopes, permission)
