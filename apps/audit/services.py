"""Verbs of the audit trail."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models import Model


def record(
    action: str,
    *,
    actor: Any = None,
    target: Model | None = None,
    target_name: str = "",
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    """Append one act to the audit trail; call it inside the transaction of the act itself, as its last statement.

    `action` is a key of apps.audit.actions.ACTIONS ("dataset_version.finalised"). `actor` is a User, or None for the
    platform itself and for people who are not signed in. `target` is the row acted upon, `target_name` what it was
    called where there is no row (the user name of a failed log-in). `before` and `after` hold JSON-safe values of the
    fields that changed, never a secret, never the text of somebody's question. Address and request id come from
    core.origin.
    """
