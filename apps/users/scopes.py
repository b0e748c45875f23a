"""What an API key may be made for. A scope is data: a label, and the permissions that it covers.

A key never gives more than its owner's own rights; a scope only takes away. No scope covers people, roles, keys or the
personal area: a stolen key cannot make another one.
"""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

from django.utils.translation import gettext_lazy as _


class Scope(NamedTuple):
    """`permissions` are "app.codename", with * for any part of a codename."""

    label: Any
    permissions: tuple[str, ...]


SCOPES: dict[str, Scope] = {
    "ask": Scope(_("Ask questions and read one's own history"), ("qa.ask_question", "registry.use_registeredmodel")),
    "read": Scope(
        _("Read datasets, jobs and models"),
        ("datasets.view_*", "training.view_*", "registry.view_*", "qa.view_*"),
    ),
    "datasets:write": Scope(
        _("Upload, finalise and activate data"), ("datasets.add_*", "datasets.change_*", "datasets.delete_*")
    ),
    "jobs:write": Scope(_("Start and cancel training"), ("training.add_*", "training.change_*", "training.delete_*")),
    "models:write": Scope(
        _("Activate, roll back and test models"), ("registry.add_*", "registry.change_*", "registry.delete_*")
    ),
}


def covers(scopes: Iterable[str], permission: str) -> bool:
    """Return whether one of the scopes covers `permission` ("app.codename"); an unknown scope covers nothing."""
    patterns = (pattern for scope in scopes if scope in SCOPES for pattern in SCOPES[scope].permissions)
    return any(fnmatchcase(permission, pattern) for pattern in patterns)
