"""Keeps "last used" of browser sessions true to a few minutes."""

from __future__ import annotations

from collections.abc import Callable

from allauth.usersessions.models import UserSession
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

SEEN_SECONDS = 300


def session_seen(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Note that a browser session was used, once in five minutes. A request with a token costs nothing."""

    def answer(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if _has_signed_in_session(request):
            _note(request.session.session_key)
        return response

    return answer


def _has_signed_in_session(request: HttpRequest) -> bool:
    """Ask only what the view has loaded already: nothing is fetched for the sake of this question."""
    person = getattr(request, "_cached_user", None)
    return person is not None and person.is_authenticated and bool(request.session.session_key)


def _note(session_key: str | None) -> None:
    if cache.add(f"session-seen:{session_key}", 1, timeout=SEEN_SECONDS):
        UserSession.objects.filter(session_key=session_key).update(last_seen_at=timezone.now())
