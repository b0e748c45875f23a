"""People who sign in. What they may do comes from their roles (Django groups), never from the row itself."""

from __future__ import annotations

from typing import Any, ClassVar

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, Group, Permission, PermissionsMixin
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.db import models, transaction
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from apps.audit.services import record
from apps.core.access import AccessQuerySet
from apps.users.giving import holds_grants_of
from apps.users.models.units import Unit


class RoleQuerySet(AccessQuerySet):
    """Who holds `view_role` sees all roles, everybody else none: a role itself is never shared."""

    def permitted(self, user: Any, verb: str, *, or_owner: bool = False) -> RoleQuerySet:
        return self.all() if user.is_active and user.has_perm(f"users.{verb}_role") else self.none()


class Roles(models.Manager.from_queryset(RoleQuerySet)):  # type: ignore[misc]
    """All groups but those of organisation units."""

    def get_queryset(self) -> RoleQuerySet:
        roles: RoleQuerySet = super().get_queryset().filter(unit__isnull=True)
        return roles


class Role(Group):
    """A role: a Django group under the name people use. Roles do not inherit from each other."""

    ADMINISTRATOR = "administrator"
    USER = "user"
    LABELS: ClassVar[dict[str, Any]] = {ADMINISTRATOR: _("Administrator"), USER: _("User")}

    objects: ClassVar[Any] = Roles()

    class Meta:
        proxy = True
        verbose_name = _("role")
        verbose_name_plural = _("roles")

    def __str__(self) -> str:
        """The built-in roles have a name in the reader's language, others are called as they were named."""
        return str(self.LABELS.get(self.name, self.name))


class UserQuerySet(AccessQuerySet):
    """Everybody sees himself, a unit's manager the people of it and of all units below; `view_user` shows all."""

    def visible_to(self, user: Any) -> UserQuerySet:
        if not user.is_authenticated or not user.is_active:
            return self.none()
        if user.has_perm("users.view_user"):
            return self.all()
        managed = {"group__unit__memberships__user": user, "group__unit__memberships__is_manager": True}
        below = User.groups.through.objects.filter(**managed).values("user")  # a unit's group holds those below too
        return self.filter(models.Q(pk=user.pk) | models.Q(pk__in=below))


class Accounts(BaseUserManager.from_queryset(UserQuerySet)):  # type: ignore[misc]
    """Makes users."""

    use_in_migrations = False

    def create_user(self, username: str, password: str | None = None, **fields: Any) -> User:
        user: User = self.model(username=self.model.normalize_username(username), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, username: str, password: str | None = None, **fields: Any) -> User:
        """What `manage.py createsuperuser` calls: nobody else makes a superuser."""
        with transaction.atomic(using=self._db):
            user = self.create_user(username, password, is_superuser=True, **fields)
            record("user.superuser_made", target=user)
        return user


class User(AbstractBaseUser, PermissionsMixin):
    username = models.CharField(
        _("user name"),
        max_length=150,
        unique=True,
        validators=[UnicodeUsernameValidator()],
        error_messages={"unique": _("A user with that name exists already.")},
    )
    display_name = models.CharField(_("display name"), max_length=150, blank=True)
    email = models.EmailField(_("e-mail address"), blank=True)
    language = models.CharField(
        _("language"),
        max_length=10,
        blank=True,
        choices=settings.LANGUAGES,
        help_text=_("Chosen again at every sign-in."),
    )
    is_active = models.BooleanField(
        _("active"), default=True, help_text=_("Switch off instead of deleting: history and lineage keep their author.")
    )
    date_joined = models.DateTimeField(_("joined"), default=timezone.now, editable=False)

    api_key: Any = None
    """The ApiKey by which this request came in; None for sessions and tokens."""

    objects = Accounts()

    USERNAME_FIELD = "username"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")
        ordering = ["username"]
        permissions = [("enter_console", "Can enter the administration console")]

    def __str__(self) -> str:
        return self.display_name or self.username

    @property
    def is_staff(self) -> bool:
        """What third-party packages ask for "may enter the admin": here a permission like any other."""
        return self.has_perm("users.enter_console")

    @property
    def role_names(self) -> list[str]:
        return sorted(self.groups.filter(unit__isnull=True).values_list("name", flat=True))

    @cached_property
    def manages_units(self) -> bool:
        """Whether he looks after the people of a unit, and so has a page for that."""
        return self.memberships.filter(is_manager=True).exists()

    def may_be_edited_by(self, actor: User) -> bool:
        """Only who may do all that this person may, signed in or not: else resetting a password would be a way up."""
        if actor.is_superuser or self.is_superuser or not actor.has_perm("users.change_user"):
            return actor.is_superuser
        held = Permission.objects.filter(models.Q(group__user=self) | models.Q(user=self))
        names = {f"{app}.{codename}" for app, codename in held.values_list("content_type__app_label", "codename")}
        if not names <= actor.get_all_permissions() or not holds_grants_of(actor, self):
            return False
        return actor.has_perm("users.change_unit") or Unit.managed_ids(self) <= Unit.managed_ids(actor)
