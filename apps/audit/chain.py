"""The rule of the chain: each entry has the next number, and seals the hash of the one before."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from apps.audit.models import AuditArchive, AuditEntry, hash_of


class ChainEnd(NamedTuple):
    """The number and the hash of the last entry; (0, "") before the first."""

    seq: int = 0
    hash: str = ""


def chain_end() -> ChainEnd:
    """Return where the chain ends: in the table, or at the last archive when the table is empty."""
    last = AuditEntry.objects.order_by("-seq").values_list("seq", "hash").first()
    last = last or AuditArchive.objects.order_by("-last_seq").values_list("last_seq", "last_hash").first()
    return ChainEnd(*last) if last else ChainEnd()


def what_breaks(end: ChainEnd, content: Mapping[str, Any], stored_hash: str) -> str:
    """Return in a sentence why an entry is not the one that follows `end`, or ""."""
    seq, expected = content["seq"], end.seq + 1
    if seq > expected:
        gone = f"entry {expected} is" if seq == expected + 1 else f"entries {expected} to {seq - 1} are"
        return f"{gone} missing"
    if seq < expected:
        return f"entry {seq} stands where entry {expected} should"
    if hash_of(dict(content)) != stored_hash:
        return f"entry {seq} was altered: its hash does not fit what it says"
    if content["previous_hash"] != end.hash:
        return f"entry {seq} does not follow entry {end.seq}: one of the two was replaced (forked hash)"
    return ""
