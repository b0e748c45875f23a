"""Verbs of the audit trail."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from functools import partial
from typing import Any

from django.db import connection, transaction
from django.db.models import Model
from django.utils import timezone

from apps.audit import values
from apps.audit.chain import chain_end
from apps.audit.models import NAME_LENGTH_MAX, AuditEntry
from apps.core.origin import current_origin

logger = logging.getLogger(__name__)

_CHAIN_LOCK = 0x6D7A_6175  # "mzau"


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
    origin = current_origin()
    signed_in = actor is not None and actor.pk is not None
    entry = AuditEntry(
        at=timezone.now(),
        actor=actor if signed_in else None,
        actor_name=values.text(actor.get_username(), length=NAME_LENGTH_MAX) if signed_in else "",
        action=action,
        object_type=target._meta.label_lower if target is not None else "",
        object_id=str(target.pk) if target is not None and target.pk is not None else "",
        object_name=values.text(target_name or (str(target) if target is not None else ""), length=NAME_LENGTH_MAX),
        before=values.keepable(before),
        after=values.keepable(after),
        address=values.text(origin.address, length=64),
        request_id=values.text(origin.request_id, length=64),
    )
    with transaction.atomic(savepoint=False):
        lock_chain()
        _append(entry)


def lock_chain() -> None:
    """Keep the chain's end for this transaction. SQLite needs nothing: IMMEDIATE transactions have one writer."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_CHAIN_LOCK])


def _append(entry: AuditEntry) -> None:
    end = chain_end()
    entry.seq, entry.previous_hash = end.seq + 1, end.hash
    entry.hash = entry.computed_hash()
    entry.save()
    witness = partial(logger.info, "Entry %s:%s %s", entry.seq, entry.hash, entry.action)
    transaction.on_commit(witness)  # whoever shortens the table cannot shorten the log as well
