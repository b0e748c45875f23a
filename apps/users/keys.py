"""Verbs of API keys: make, revoke, verify.

A key reads `mz_<8 hex digits>_<43 characters>`: the first two parts find the row, the last is 256 random bits.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext as _
from rest_framework.exceptions import AuthenticationFailed

from apps.audit.models import AuditEntry
from apps.audit.services import record
from apps.core.errors import DomainError
from apps.core.origin import current_origin
from apps.users.models import ApiKey, User
from apps.users.scopes import SCOPES

MARK = "mz_"
PREFIX_LENGTH = len(MARK) + 8
NOTED_EVERY = timedelta(minutes=1)


def make_key(*, name: str, scopes: Iterable[str], days: int, owner: User) -> tuple[ApiKey, str]:
    """Make a key that works for `days`; return its row and its text, which cannot be shown again.

    Raises DomainError: invalid (with `fields`), too_many_keys.
    """
    name, chosen = name.strip(), [scope for scope in SCOPES if scope in set(scopes)]
    _refuse_wrong(name, chosen, days, unknown=set(scopes) - set(SCOPES))
    with transaction.atomic():
        User.objects.select_for_update().get(pk=owner.pk)  # two at a time: counted one after the other
        if ApiKey.objects.filter(user=owner).working().count() >= settings.API_KEYS_MAX:
            message = _("You have %(count)s working keys, which is the most allowed. Revoke one that is not used.")
            raise DomainError("too_many_keys", message % {"count": settings.API_KEYS_MAX})
        prefix = MARK + secrets.token_hex(4)
        text = f"{prefix}_{secrets.token_urlsafe(32)}"
        key = ApiKey.objects.create(
            user=owner,
            name=name,
            prefix=prefix,
            secret_sha256=_digest(text),
            scopes=chosen,
            expires_at=timezone.now() + timedelta(days=days),
        )
        after = {"name": name, "scopes": chosen, "expires_at": key.expires_at.isoformat()}
        record("api_key.made", actor=owner, target=key, after=after)
    return key, text


def revoke_key(key: ApiKey, *, actor: User) -> None:
    """Make a key worthless at once and for ever; doing it again changes nothing."""
    with transaction.atomic():
        if ApiKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=timezone.now()):
            record("api_key.revoked", actor=actor, target=key)
    key.refresh_from_db()


def revoke_all(user: User, *, actor: User) -> int:
    """Make every working key of a person worthless; returns how many there were."""
    with transaction.atomic():
        working = list(ApiKey.objects.filter(user=user).working())
        for key in working:
            revoke_key(key, actor=actor)
    return len(working)


def verify(text: str) -> ApiKey:
    """Return the working key with this text, its user loaded; notes the use.

    Raises AuthenticationFailed: key_invalid, and to who has the secret also key_revoked, key_expired, user_inactive.
    """
    key: ApiKey | None = ApiKey.objects.select_related("user").filter(prefix=text[:PREFIX_LENGTH]).first()
    if key is None or not constant_time_compare(key.secret_sha256, _digest(text)):
        raise AuthenticationFailed(_("The API key is not valid."), code="key_invalid")
    if key.state == ApiKey.State.REVOKED:
        raise AuthenticationFailed(_("This API key has been revoked."), code="key_revoked")
    if key.state == ApiKey.State.EXPIRED:
        raise AuthenticationFailed(_("This API key has expired. Make a new one in your account."), code="key_expired")
    if not key.user.is_active:
        raise AuthenticationFailed(_("The account of this API key is switched off."), code="user_inactive")
    key.user.api_key = key
    _note_use(key)
    return key


def _note_use(key: ApiKey) -> None:
    """Write when and from where, at most once a minute; the audit trail hears of each address once a day."""
    now, address = timezone.now(), current_origin().address[:64]
    a_minute_ago = now - NOTED_EVERY
    if key.last_used_at and key.last_used_at > a_minute_ago and key.last_address == address:
        return
    with transaction.atomic():
        row = ApiKey.objects.filter(pk=key.pk)
        row.filter(Q(last_used_at=None) | Q(last_used_at__lte=a_minute_ago)).update(
            last_used_at=now, last_address=address
        )
        if not _was_used_today(key, address):
            record("api_key.used", actor=key.user, target=key, after={"scopes": key.scopes})


def _was_used_today(key: ApiKey, address: str) -> bool:
    midnight = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    known = AuditEntry.objects.filter(object_type=key._meta.label_lower, object_id=str(key.pk), action="api_key.used")
    return bool(known.filter(address=address, at__gte=midnight).exists())


def _refuse_wrong(name: str, scopes: list[str], days: Any, *, unknown: set[str]) -> None:
    fields = {}
    if not name or len(name) > 100:
        fields["name"] = _("Give the key a name of at most 100 characters, for example of the program that uses it.")
    if unknown:
        fields["scopes"] = _("Unknown: %(scopes)s.") % {"scopes": ", ".join(sorted(unknown))}
    elif not scopes:
        fields["scopes"] = _("Choose at least one thing that the key may be used for.")
    if not 1 <= days <= settings.API_KEY_DAYS_MAX:
        fields["days"] = _("From 1 to %(days)s days.") % {"days": settings.API_KEY_DAYS_MAX}
    if fields:
        raise DomainError("invalid", _("Some input is not valid."), fields=fields)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
