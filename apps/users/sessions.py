"""Where a person is signed in, browsers and programs alike, and how such a place is ended."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from allauth.usersessions.models import UserSession
from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.db import transaction
from redis.exceptions import RedisError

from apps.audit.services import record
from apps.users import tokens
from apps.users.devices import device_of
from apps.users.models import TokenFamily, User

BROWSER, PROGRAM = "browser", "program"


@dataclass(frozen=True)
class Place:
    """One log-in that is live. `kind` and `key` name it; the session key itself never leaves the server."""

    kind: str
    key: str
    device: str
    address: str
    started_at: datetime
    last_used_at: datetime
    is_current: bool = False


def places_of(user: User, *, current_session: str | None) -> list[Place]:
    """Return where the user is signed in, the place of this very request first, then the last used."""
    browsers = [
        Place(
            BROWSER,
            str(row.pk),
            device_of(row.user_agent),
            row.ip,
            row.created_at,
            row.last_seen_at,
            is_current=row.session_key == current_session,
        )
        for row in UserSession.objects.purge_and_list(user)
    ]
    programs = [
        Place(PROGRAM, str(row.pk), device_of(row.agent), row.address, row.started_at, row.last_used_at)
        for row in TokenFamily.objects.live().visible_to(user)
    ]
    return sorted(browsers + programs, key=lambda place: (not place.is_current, -place.last_used_at.timestamp()))


def end_place(user: User, *, kind: str, key: str) -> bool:
    """Sign the user out at one of his places; returns False where there is none of that name."""
    if kind == PROGRAM:
        families = [row for row in TokenFamily.objects.live().visible_to(user) if str(row.pk) == key]
        return any(tokens.end_family(row, actor=user, action="user.session_ended") for row in families)
    browsers = [row for row in UserSession.objects.filter(user=user) if str(row.pk) == key]
    return bool(_end_browsers(browsers, user=user, actor=user))


def end_everywhere(user: User, *, actor: User | None, except_session: str | None = None) -> int:
    """Sign the user out of all browsers and programs, but for one browser's session; returns how many places that was.

    What is signed out is refused at its next request; open sockets close at once.
    """
    rows = UserSession.objects.filter(user=user).exclude(session_key=except_session or "")
    ended = _end_browsers(rows, user=user, actor=actor)
    for family in TokenFamily.objects.live().filter(user=user):
        ended += tokens.end_family(family, actor=actor, action="user.session_ended")
    return ended


def carry_over(old_key: str | None, new_key: str | None) -> None:
    """A browser's session has got another key and is the same place still: it stays in the list, and can be ended."""
    UserSession.objects.filter(session_key=old_key or "").update(session_key=new_key)


def group_name(user_id: int) -> str:
    """The channel group in which the sockets of one person listen for their end."""
    return f"person.{user_id}"


def _end_browsers(rows: Iterable[UserSession], *, user: User, actor: User | None) -> int:
    with transaction.atomic():
        ended = list(rows)
        for row in ended:
            record("user.session_ended", actor=actor, target=user, after={"started_at": row.created_at.isoformat()})
            row.end()
    transaction.on_commit(partial(_ring, user.pk))
    return len(ended)


def _ring(user_id: int) -> None:
    """Wake the person's sockets, which then look whether they may stay. Without the layer they look by themselves."""
    try:
        async_to_sync(get_channel_layer().group_send)(group_name(user_id), {"type": "person.look"})
    except (RedisError, OSError):
        return
