from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from asgiref.sync import iscoroutinefunction
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.utils import translation
from django.utils.decorators import sync_and_async_middleware


def _language_of(request: HttpRequest) -> str:
    """Chinese unless the user chose otherwise: a browser's Accept-Language says little about a bank clerk."""
    chosen = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
    return chosen if chosen in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE


def _enter(request: HttpRequest) -> None:
    translation.activate(_language_of(request))
    request.LANGUAGE_CODE = translation.get_language()


def _leave(response: HttpResponse) -> HttpResponse:
    response.headers.setdefault("Content-Language", translation.get_language() or settings.LANGUAGE_CODE)
    return response


@sync_and_async_middleware
def chosen_language(get_response: Callable[[HttpRequest], Any]) -> Callable[[HttpRequest], Any]:
    """Activate the language of the cookie that Django's `set_language` view sets."""
    if iscoroutinefunction(get_response):

        async def async_middleware(request: HttpRequest) -> HttpResponse:
            _enter(request)
            response: Awaitable[HttpResponse] = get_response(request)
            return _leave(await response)

        return async_middleware

    def middleware(request: HttpRequest) -> HttpResponse:
        _enter(request)
        return _leave(get_response(request))

    return middleware


def _has_nul(request: HttpRequest) -> bool:
    return "%00" in request.META.get("QUERY_STRING", "") or "\x00" in request.path_info


@sync_and_async_middleware
def refuse_nul(get_response: Callable[[HttpRequest], Any]) -> Callable[[HttpRequest], Any]:
    """Answer 400 to an address with a NUL character: no honest client sends one, and PostgreSQL has no text with it."""
    if iscoroutinefunction(get_response):

        async def async_middleware(request: HttpRequest) -> HttpResponse:
            if _has_nul(request):
                return HttpResponseBadRequest()
            response: Awaitable[HttpResponse] = get_response(request)
            return await response

        return async_middleware

    def middleware(request: HttpRequest) -> HttpResponse:
        response: HttpResponse = HttpResponseBadRequest() if _has_nul(request) else get_response(request)
        return response

    return middleware
