"""Log-ins over the API: each is a family of refresh tokens, of which one at a time is live."""

from __future__ import annotations

import uuid
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class TokenFamilyQuerySet(models.QuerySet["TokenFamily"]):
    def live(self) -> Self:
        return self.filter(ended_at=None, expires_at__gt=timezone.now())

    def visible_to(self, user: Any) -> Self:
        """Everybody sees his own log-ins."""
        return self.filter(user_id=user.pk) if user.is_authenticated and user.is_active else self.none()


class TokenFamily(models.Model):
    """One log-in of a program. Every token names its family, so ending the row ends them all at once.

    `current` is the number (jti) of the one refresh token that may be exchanged: exchanging replaces it in the same
    UPDATE. Whoever brings another one brings a copy, and the family ends.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="token_families")
    current = models.CharField(max_length=64)
    started_at = models.DateTimeField(default=timezone.now)
    last_used_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    address = models.CharField(max_length=64, blank=True)
    agent = models.CharField(max_length=200, blank=True)

    objects = TokenFamilyQuerySet.as_manager()

    class Meta:
        verbose_name = _("log-in over the API")
        verbose_name_plural = _("log-ins over the API")
        default_permissions = ()
        indexes = [models.Index(fields=["user", "expires_at"], name="users_family_of_user")]

    @property
    def is_live(self) -> bool:
        return self.ended_at is None and self.expires_at > timezone.now()

    def __str__(self) -> str:
        return f"{self.user} · {self.started_at:%Y-%m-%d %H:%M}"
