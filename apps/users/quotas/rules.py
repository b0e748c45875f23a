"""Which limits apply to whom: a copy of the table of quotas in every process, so that asking costs no query.

The cache holds a revision that every change renews. A process looks at it once a second at most, and reads the table
anew when it has changed, or after a minute in any case (the cache may be away, or may have lost it).
"""

from __future__ import annotations

import logging
import time
from collections import defaultdict
from typing import Any, NamedTuple
from uuid import uuid4

from django.core.cache import cache
from redis.exceptions import RedisError

from apps.users.models import Quota, Unit
from apps.users.models.quotas import EVERYBODY, Subject, SubjectKind

logger = logging.getLogger(__name__)

REVISION = "quotas:revision"
LOOK_EVERY_SECONDS = 1.0
READ_EVERY_SECONDS = 60.0

Limits = dict[str, dict[Subject, int]]
"""metric -> whose -> limit"""


class Snapshot(NamedTuple):
    limits: Limits
    revision: str | None
    read_at: float
    looked_at: float


_snapshot: Snapshot | None = None


def limits_of(user: Any, metric: str) -> list[tuple[Subject, int]]:
    """Return whose quotas of `metric` apply when this user acts, with their limits, in the order in which to lock them.

    His own one (else everybody's default), those of his units and of the units above, that of the key he came with.
    Empty for nobody (None). Costs a query only where a unit has such a quota.
    """
    known = current_limits().get(metric)
    if not known or user is None:
        return []
    own = Subject(SubjectKind.USER, str(user.pk))
    found = {own: known.get(own, known.get(EVERYBODY))}
    if user.api_key is not None:
        key = Subject(SubjectKind.KEY, str(user.api_key.pk))
        found[key] = known.get(key)
    if any(subject.kind == SubjectKind.UNIT for subject in known):
        units = Unit.objects.filter(group__user=user).values_list("pk", flat=True)
        found |= {unit: known.get(unit) for unit in (Subject(SubjectKind.UNIT, str(pk)) for pk in units)}
    return sorted((subject, limit) for subject, limit in found.items() if limit is not None)


def current_limits() -> Limits:
    """Return every quota there is."""
    global _snapshot
    now, known = time.monotonic(), _snapshot
    if known is not None and now - known.looked_at < LOOK_EVERY_SECONDS:
        return known.limits
    revision = _revision()
    if known is not None and known.revision == revision and now - known.read_at < READ_EVERY_SECONDS:
        _snapshot = known._replace(looked_at=now)
        return known.limits
    _snapshot = Snapshot(limits=_read(), revision=revision, read_at=now, looked_at=now)
    return _snapshot.limits


def renew() -> None:
    """Make every process read the table again; call it once the change is committed."""
    forget()
    try:
        cache.set(REVISION, uuid4().hex, timeout=None)
    except RedisError as error:
        logger.warning("The cache is away; other processes see the new quotas within a minute: %s", error)


def forget() -> None:
    """Make this process read the table again."""
    global _snapshot
    _snapshot = None


def _read() -> Limits:
    limits: Limits = defaultdict(dict)
    for kind, subject_id, metric, limit in Quota.objects.values_list("kind", "subject_id", "metric", "limit"):
        limits[metric][Subject(kind, subject_id)] = limit
    return dict(limits)


def _revision() -> str | None:
    try:
        revision: str | None = cache.get(REVISION)
    except RedisError:
        return None
    return revision
