"""Keeps "last used" of browser sessions true to a few minutes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from allauth.usersessions.models import UserSession
from asgiref.sync import iscoroutinefunction, sync_to_async
from django.core.cache import cache
from django.http import HttpRequest
from django.utils import timezone
from django.utils.decorators import sync_and_async_middleware

SEEN_SECONDS = 300


@sync_and_async_middleware
def session_seen(get_response: Callable[[HttpRequest], Any]) -> Callable[[HttpRequest], Any]:
    """Note that a browser session was used, once in five minutes. A request with a token costs nothing."""

    async def asynchronous(request: HttpRequest) -> Any:
        response = await get_response(request)
        if _has_signed_in_session(request):
            await sync_to_async(_note)(request.session.session_key)
        return response

    def synchronous(request: HttpRequest) -> Any:
        response = get_response(request)
        if _has_signed_in_session(request):
            _note(request.session.session_key)
        return response

    return asynchronous if iscoroutinefunction(get_response) else synchronous


def _has_signed_in_session(request: HttpRequest) -> bool:
    """Ask only what the view has loaded already: nothing is fetched for the sake of this question."""
    person = getattr(request, "_cached_user", None)
    return person is not None and person.is_authenticated and bool(request.session.session_key)


def _note(session_key: str | None) -> None:
    if cache.add(f"session-seen:{session_key}", 1, timeout=SEEN_SECONDS):
        UserSession.objects.filter(session_key=session_key).update(last_seen_at=timezone.now())
