"""Somebody must always be able to administer: the last one is not switched off, not deleted, and keeps the role."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.contrib.auth.models import Group
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from apps.core.errors import DomainError
from apps.users.models import Role, User


def administrators() -> QuerySet[User]:
    """Active users who hold the administrator's role or are superusers."""
    rows: QuerySet[User] = User.objects.filter(
        Q(groups__name=Role.ADMINISTRATOR) | Q(is_superuser=True), is_active=True
    )
    return rows.distinct()


@contextmanager
def keeping_an_administrator() -> Iterator[None]:
    """A transaction that is undone, with DomainError("last_administrator"), if nobody could administer after it.

    The role's row is locked: of two administrators who remove each other at the same time, one is refused.
    """
    with transaction.atomic():
        Group.objects.select_for_update().filter(name=Role.ADMINISTRATOR).first()
        had_one = administrators().exists()
        yield
        if had_one and not administrators().exists():
            raise DomainError("last_administrator", _("There would be no administrator left. Name another one first."))
