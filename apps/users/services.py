"""Verbs of the users app."""

from __future__ import annotations

from django.db import transaction

from apps.audit.services import record
from apps.users.models import Role, User


def change_profile(user: User, **values: str) -> User:
    """Set what a person says of himself (fields of User); returns the row as it is now."""
    with transaction.atomic():
        person: User = User.objects.select_for_update().get(pk=user.pk)
        before = {name: getattr(person, name) for name in values}
        changed = {name: value for name, value in values.items() if before[name] != value}
        if changed:
            for name, value in changed.items():
                setattr(person, name, value)
            person.save(update_fields=list(changed))
            record("user.profile_changed", actor=person, target=person, before=before, after=values)
    return person


def give_role(user: User, role: str, *, actor: User | None = None) -> None:
    """Put the user in the role's group; without `actor` it is the platform itself that does so."""
    with transaction.atomic():
        before = user.role_names
        user.groups.add(Role.objects.get(name=role))
        record("user.role_given", actor=actor, target=user, before={"roles": before}, after={"roles": user.role_names})
