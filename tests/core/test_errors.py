"""One shape for every API error, and no inside of the house in it."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404
from rest_framework.exceptions import Throttled

from apps.core.api import handle_exception
from apps.core.errors import DomainError


def test_domain_error_is_a_conflict_with_its_code():
    answer = handle_exception(DomainError("busy", "Try later."), {})
    assert (answer.status_code, answer.data) == (409, {"code": "busy", "detail": "Try later."})


def test_domain_error_about_inputs_is_a_bad_request_with_fields():
    answer = handle_exception(DomainError("invalid", "No.", fields={"name": "Missing."}), {})
    assert answer.status_code == 400
    assert answer.data["fields"] == {"name": "Missing."}


def test_model_validation_becomes_field_errors():
    answer = handle_exception(ValidationError({"name": ["Missing."]}), {})
    assert answer.status_code == 400
    assert answer.data["fields"]["name"] == ["Missing."]


def test_missing_and_forbidden_keep_their_status():
    assert handle_exception(Http404(), {}).data["code"] == "not_found"
    assert handle_exception(PermissionDenied(), {}).data["code"] == "permission_denied"


def test_body_that_is_too_large_is_said_to_be(api, db):
    answer = api().post("/api/v1/auth/login", {"username": "x" * 3_000_000, "password": "y"}, format="json")
    assert answer.status_code == 413
    assert answer.json()["code"] == "too_large"


def test_throttle_keeps_its_header():
    answer = handle_exception(Throttled(wait=3), {})
    assert answer.status_code == 429
    assert answer.headers["Retry-After"] == "3"


def test_unexpected_error_shows_a_number_and_nothing_else(caplog):
    answer = handle_exception(RuntimeError("secret path /etc"), {})
    assert answer.status_code == 500
    assert answer.data["code"] == "internal_error"
    assert "secret" not in answer.data["detail"]
    number = caplog.records[0].args[0]
    assert str(number) in answer.data["detail"]
