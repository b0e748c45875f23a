"""What every API view shares: one error shape, pages of results."""

from __future__ import annotations

import json
import logging
import uuid
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.core.exceptions import ValidationError as ModelValidationError
from django.http import Http404
from django.utils.translation import gettext as _
from rest_framework import exceptions, status
from rest_framework.pagination import PageNumberPagination
from rest_framework.response import Response
from rest_framework.views import exception_handler as default_handler

from apps.core.errors import DomainError

logger = logging.getLogger(__name__)


class Pages(PageNumberPagination):
    page_size = 20
    page_size_query_param = "page_size"
    max_page_size = 200


def error(code: str, detail: str, *, http_status: int, fields: Any = None, values: Any = None) -> Response:
    """Return the one shape of an API error: {"code", "detail", "fields"?, "values"?}."""
    body: dict[str, Any] = {"code": code, "detail": detail}
    if fields:
        body["fields"] = fields
    if values:
        body["values"] = values
    return Response(body, status=http_status)


def handle_exception(exc: Exception, context: dict[str, Any]) -> Response:
    """Turn any exception of an API view into the one error shape; what is nobody's input is logged with an id."""
    if isinstance(exc, DomainError):
        answer = error(exc.code, str(exc.message), http_status=exc.status, fields=exc.fields, values=exc.values)
        for name, value in exc.headers.items():
            answer.headers[name] = value
        return answer
    if isinstance(exc, RequestDataTooBig):
        return error("too_large", _("The request is larger than the server accepts."), http_status=413)
    exc = _in_words_of_the_api(exc)
    if isinstance(exc, exceptions.ParseError):
        return error("parse_error", _what_is_unreadable(exc), http_status=400)
    if isinstance(exc, exceptions.ValidationError):
        return error("invalid", _("Some input is not valid."), http_status=400, fields=exc.detail)
    if not isinstance(exc, exceptions.APIException):
        return _unexpected(exc, context)
    response = default_handler(exc, context)
    code, detail = _code_and_detail(exc)
    headers = response.headers if response is not None else {}
    return Response({"code": code, "detail": detail}, status=exc.status_code, headers=dict(headers))


def _in_words_of_the_api(exc: Exception) -> Exception:
    """Return REST framework's exception for one of Django's; any other as it is."""
    if isinstance(exc, ModelValidationError):
        return exceptions.ValidationError(exc.message_dict if hasattr(exc, "error_dict") else {"": exc.messages})
    if isinstance(exc, Http404):
        return exceptions.NotFound()
    if isinstance(exc, PermissionDenied):
        return exceptions.PermissionDenied()
    return exceptions.ParseError() if isinstance(exc, SuspiciousOperation) else exc


def _what_is_unreadable(exc: exceptions.ParseError) -> str:
    """Say where a body breaks off; the parsers' own words are English and speak of Python."""
    cause = exc.__context__
    if isinstance(cause, json.JSONDecodeError):
        place = {"line": cause.lineno, "column": cause.colno}
        return _("The body is not valid JSON: look at line %(line)s, column %(column)s.") % place
    return _("The body cannot be read. Send valid JSON in UTF-8, or a complete form.")


def _code_and_detail(exc: exceptions.APIException) -> tuple[str, str]:
    detail = exc.detail
    if isinstance(detail, dict):  # simplejwt: {"detail", "code", "messages"?}
        return str(detail.get("code", exc.default_code)), str(detail.get("detail", exc.default_detail))
    return str(getattr(detail, "code", exc.default_code)), str(detail)


def _unexpected(exc: Exception, context: dict[str, Any]) -> Response:
    number = uuid.uuid4().hex[:12]
    logger.error("Error %s in %s", number, context.get("view"), exc_info=exc)
    detail = _("Something went wrong on our side. Please quote the number %(number)s.") % {"number": number}
    return error("internal_error", detail, http_status=status.HTTP_500_INTERNAL_SERVER_ERROR)
