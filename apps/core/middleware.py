from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest, HttpResponseNotAllowed, JsonResponse
from django.utils import translation
from django.utils.translation import gettext

from apps.core import origin

LANGUAGE_REMEMBERED_SECONDS = 365 * 24 * 3600
GetResponse = Callable[[HttpRequest], HttpResponse]
Before = Callable[[HttpRequest], HttpResponse | None]
After = Callable[[HttpRequest, HttpResponse], HttpResponse]
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]


def _language_of(request: HttpRequest) -> str:
    """Chinese unless the user chose otherwise: a browser's Accept-Language says little about a bank clerk."""
    chosen = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
    return chosen if chosen in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE


def _enter(request: HttpRequest) -> None:
    translation.activate(_language_of(request))
    request.LANGUAGE_CODE = translation.get_language()


def _leave(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    if chosen := getattr(request, "new_language", ""):
        lasting = {"max_age": LANGUAGE_REMEMBERED_SECONDS, "samesite": "Lax", "secure": settings.HTTPS}
        response.set_cookie(settings.LANGUAGE_COOKIE_NAME, chosen, **lasting)
    response.headers.setdefault("Content-Language", translation.get_language() or settings.LANGUAGE_CODE)
    return response


def _refuse_nul(request: HttpRequest) -> HttpResponse | None:
    has_nul = "%00" in request.META.get("QUERY_STRING", "") or "\x00" in request.path_info
    if has_nul and request.path_info.startswith("/api/"):
        detail = gettext("The address holds a NUL character. Leave it out.")
        return JsonResponse({"code": "parse_error", "detail": detail}, status=400)
    return HttpResponseBadRequest() if has_nul else None


def _refuse_unknown_methods(request: HttpRequest) -> HttpResponse | None:
    return None if request.method in METHODS else HttpResponseNotAllowed(METHODS)


def _unchanged(_: HttpRequest, response: HttpResponse) -> HttpResponse:
    return response


def _remember_origin(request: HttpRequest) -> None:
    origin.enter(request)


def _name_request(_: HttpRequest, response: HttpResponse) -> HttpResponse:
    response.headers.setdefault("X-Request-ID", origin.current_origin().request_id)
    return response


def _go_on(_: HttpRequest) -> None:
    return None


def middleware(before: Before = _go_on, after: After = _unchanged) -> Callable[[GetResponse], GetResponse]:
    """Make a middleware of what happens before (an answer of it ends the request) and after."""

    def factory(get_response: GetResponse) -> GetResponse:
        def answer(request: HttpRequest) -> HttpResponse:
            return after(request, before(request) or get_response(request))

        return answer

    return factory


chosen_language = middleware(_enter, _leave)
"""Activates the language of the cookie that Django's `set_language` view sets, and a view by `request.new_language`."""

refuse_nul = middleware(_refuse_nul)
"""Answers 400 to an address with a NUL: no honest client sends one, and PostgreSQL has no text with it."""

known_methods = middleware(_refuse_unknown_methods)
"""Answers 405 to methods that nothing here has: Django's function views would take TRACE for GET."""

known_origin = middleware(_remember_origin, _name_request)
"""Lets services ask where the request comes from (core/origin.py); its number stands in the answer's X-Request-ID."""


def _add_headers(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    for name, value in getattr(request, "answer_headers", {}).items():
        response.headers.setdefault(name, value)
    return response


said_on_the_way = middleware(after=_add_headers)
"""Adds what was put into `request.answer_headers` while the request was let in (X-RateLimit-...)."""
