"""The two built-in roles. A role is a group; roles do not inherit from each other."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import Permission
from django.db.models import Q

from apps.users.models import Role

MAY_ASK = ("ask_question", "use_registeredmodel")
OWN_APPS = ("audit", "users", "datasets", "registry", "training", "qa")


def sync_roles(**_signal: Any) -> None:
    """Make sure that both roles exist; runs after every `migrate`.

    The administrator always holds every permission of the product's apps. The user's role is filled once, when it is
    made, so that a later change by an administrator stays.
    """
    administrator, _ = Role.objects.get_or_create(name=Role.ADMINISTRATOR)
    everything = Permission.objects.filter(
        Q(content_type__app_label__in=OWN_APPS)
        | Q(content_type__app_label="django_celery_results", codename__startswith="view_")
    )
    administrator.permissions.add(*everything)
    user, _ = Role.objects.get_or_create(name=Role.USER)
    asking = Permission.objects.filter(codename__in=MAY_ASK)
    if not user.permissions.exists() and len(asking) == len(MAY_ASK):  # the first app to be migrated lacks the others'
        user.permissions.add(*asking)
