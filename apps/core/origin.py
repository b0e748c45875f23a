"""Where a request comes from, for services that never see it: the audit trail, throttles, lists of sessions."""

from __future__ import annotations

import uuid
from contextvars import ContextVar
from dataclasses import dataclass, field

from django.conf import settings
from django.http import HttpRequest

AGENT_LENGTH_MAX = 200


@dataclass(frozen=True)
class Origin:
    """`address` is the client's IP ("" for workers and commands), `agent` its User-Agent, `request_id` ours."""

    address: str = ""
    agent: str = ""
    request_id: str = field(default_factory=lambda: uuid.uuid4().hex)


_NOWHERE = Origin(request_id="")
_current: ContextVar[Origin] = ContextVar("origin", default=_NOWHERE)


def current_origin() -> Origin:
    """Return the origin of the request that is being answered; empty fields outside of one."""
    return _current.get()


def enter(request: HttpRequest) -> None:
    """Remember where `request` comes from until the next one of this context."""
    _current.set(
        Origin(address=client_address(request), agent=request.headers.get("User-Agent", "")[:AGENT_LENGTH_MAX])
    )


def client_address(request: HttpRequest) -> str:
    """Return the client's IP. Behind settings.TRUSTED_PROXIES proxies it is the address that the outermost one saw."""
    hops = [hop.strip() for hop in request.headers.get("X-Forwarded-For", "").split(",") if hop.strip()]
    trusted: int = settings.TRUSTED_PROXIES
    if trusted and len(hops) >= trusted:
        return hops[-trusted]
    return str(request.META.get("REMOTE_ADDR") or "")
