"""How people come in who have no account yet: by an invitation, or by asking for one."""

from __future__ import annotations

import uuid
from typing import Any, Self

from django.conf import settings
from django.contrib.auth.models import Group
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.users.models.units import Unit


class InvitationQuerySet(models.QuerySet["Invitation"]):
    def open(self) -> Self:
        """Not used, not withdrawn, not expired."""
        return self.filter(used_at=None, withdrawn_at=None, expires_at__gt=timezone.now())

    def visible_to(self, user: Any) -> Self:
        """All for who may add users; a unit's manager sees those into his units and those that he wrote."""
        if not user.is_authenticated or not user.is_active:
            return self.none()
        if user.has_perm("users.add_user"):
            return self.all()
        return self.filter(Q(unit__in=Unit.objects.managed_by(user)) | Q(invited_by=user))


class Invitation(models.Model):
    """A link that makes one user, with a role and perhaps in a unit. The link is signed, so no row holds a secret."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    email = models.EmailField(_("e-mail address"), blank=True)
    role = models.ForeignKey(Group, models.CASCADE, related_name="+", verbose_name=_("role"))
    unit = models.ForeignKey(
        Unit, models.CASCADE, null=True, blank=True, related_name="invitations", verbose_name=_("unit")
    )
    invited_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="invitations")
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True)
    used_at = models.DateTimeField(null=True)
    used_by = models.OneToOneField(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="invitation")

    objects = InvitationQuerySet.as_manager()

    class Meta:
        verbose_name = _("invitation")
        verbose_name_plural = _("invitations")
        default_permissions = ()
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return self.email or str(self.pk)[:8]


class AccessRequest(models.Model):
    """Somebody asked for an account. It exists but is inactive until an administrator has decided."""

    class Status(models.TextChoices):
        WAITING = "waiting", _("waiting for approval")
        APPROVED = "approved", _("approved")
        REFUSED = "refused", _("refused")

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="access_request")
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.WAITING)
    asked_at = models.DateTimeField(default=timezone.now)
    decided_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")

    class Meta:
        verbose_name = _("request for access")
        verbose_name_plural = _("requests for access")
        default_permissions = ()

    def __str__(self) -> str:
        return str(self.user)
