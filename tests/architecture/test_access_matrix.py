"""Every address, as every persona: generated from the URL table, checked against access_rules.py."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from typing import NamedTuple

import pytest
from django.urls import URLPattern, get_resolver

from apps.training.routing import websocket_urlpatterns
from tests.architecture.access_rules import (
    ABSENT,
    CONSOLE,
    CONSOLE_PREFIX,
    DENIED,
    OPEN,
    RULES,
    SIGN_IN,
    SOCKETS,
    TOKEN,
    Rule,
)
from tests.training.conftest import dataset_version, make_job, model, sent  # noqa: F401

PARAMETER = re.compile(r"<(?:\w+:)?(\w+)>")
CONSOLE_OBJECT = re.compile(r"admin/(\w+)/(\w+)/")
SIGN_OUT = "admin/logout/"
MACHINE_MADE = "(datasets/datasetversion|django_celery_results/taskresult|qa/question|registry/\\w+|users/role)"
EXCEPTIONS = {
    f"admin/{MACHINE_MADE}/add/": DENIED,
    r"admin/(datasets|django_celery_results|qa|registry|training|users/role).*/delete/": DENIED,
    r"admin/\(\?P<url>.*": ABSENT,  # the catch-all, and the index of an app that does not exist
    r"admin/\^\(\?P<app_label>.*": ABSENT,
    r"admin/r/.*": ABSENT,  # "view on site" of a content type that does not exist
    r"admin/(autocomplete|login)/": DENIED,  # nothing to complete; signed in already
}
BODY_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
PERSONAS = Rule._fields


class Address(NamedTuple):
    method: str
    route: str


def addresses(patterns=None, prefix="") -> Iterator[Address]:
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLPattern):
            yield from (Address(method, route) for method in methods_of(pattern.callback, route))
        else:
            yield from addresses(pattern.url_patterns, route)


def methods_of(view, route) -> list[str]:
    """Which methods a view answers: from a viewset's actions, a class's handlers, or both common ones of a function."""
    if route.startswith(CONSOLE_PREFIX):
        return ["GET", "POST"]
    if getattr(view, "actions", None):
        return [method.upper() for method in view.actions if method != "head"]
    handlers = getattr(view, "view_class", None) or getattr(view, "cls", None)
    if handlers:
        allowed = [method for method in BODY_METHODS if method.lower() in handlers.http_method_names]
        return [method for method in allowed if hasattr(handlers, method.lower())]
    return ["POST"] if "set_language" in route or route == "language/" else ["GET"]


ALL = sorted(set(addresses()))
OURS = [address for address in ALL if not address.route.startswith(CONSOLE_PREFIX)]
CONSOLES = [address for address in ALL if address.route.startswith(CONSOLE_PREFIX)]


class World:
    """One of each object, and how an address is filled with them."""

    def __init__(self, *, version, job, model_version, question, users):
        self.users = users
        self.names = {"slug": model_version.model.slug, "number": version.number, "object_id": None}
        self.by_section = {
            "datasets": version.dataset.pk,
            "jobs": job.pk,
            "answers": question.pk,
            ("datasets", "dataset"): version.dataset.pk,
            ("datasets", "datasetversion"): version.pk,
            ("training", "trainingjob"): job.pk,
            ("registry", "registeredmodel"): model_version.model.pk,
            ("registry", "modelversion"): model_version.pk,
            ("qa", "question"): question.pk,
            ("users", "user"): users["user"].pk,
        }

    def path(self, route: str) -> str:
        section = CONSOLE_OBJECT.match(route)
        key = section.groups() if section else route.removeprefix("api/v1/").split("/")[0]
        value = self.by_section.get(key, uuid.uuid4())

        def fill(match: re.Match[str]) -> str:
            return str(self.names.get(match[1]) or value)

        return "/" + PARAMETER.sub(fill, route).replace("^", "").replace("$", "")


@pytest.fixture
def world(dataset_version, make_job, model, administrator, user, stranger, sent):  # noqa: F811
    from apps.datasets.services import activate
    from apps.qa.models import Question
    from apps.registry.models import ModelVersion

    activate(dataset_version, actor=administrator)
    model_version = ModelVersion.objects.create(
        model=model,
        number=1,
        base_model="b",
        dataset_version=dataset_version,
        adapter_sha256="0" * 64,
        created_by=administrator,
    )
    question = Question.objects.create(
        asked_by=user, text="?", outcome="not_found", model=model, model_version=model_version,
        dataset_version=dataset_version, latency_ms=1.0,
    )  # fmt: skip
    users = {"anonymous": None, "user": user, "other": stranger, "administrator": administrator}
    return World(version=dataset_version, job=make_job(), model_version=model_version, question=question, users=users)


def send(client, address: Address, path: str):
    client.raise_request_exception = False
    return client.generic(
        address.method, path, content_type="application/json", data="{}" if address.method != "GET" else ""
    )


def verdict(answer) -> str:
    if answer.status_code in (301, 302):
        return SIGN_IN if "/sign-in/" in answer.url or "/admin/login/" in answer.url else OPEN
    refusals = {401: TOKEN, 403: DENIED, 404: ABSENT}
    assert answer.status_code < 500, f"{answer.status_code}: {answer.content[:300]!r}"
    return refusals.get(answer.status_code, OPEN)


def test_every_address_has_a_rule():
    stated = {Address(*key) for key in RULES}
    assert set(OURS) == stated, f"without a rule: {set(OURS) - stated}; vanished: {stated - set(OURS)}"


def test_every_socket_is_tested():
    assert {str(pattern.pattern) for pattern in websocket_urlpatterns} == SOCKETS


@pytest.mark.parametrize("persona", PERSONAS)
@pytest.mark.parametrize("address", OURS, ids=lambda address: f"{address.method}-{address.route or 'home'}")
def test_address_answers_as_its_rule_says(address, persona, world, client, api):
    person = world.users[persona]
    caller = api(person) if address.route.startswith("api/v1/") else client
    if person is not None and caller is client:
        client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    found = verdict(send(caller, address, world.path(address.route)))
    if address.route == "api/v1/auth/refresh" or (address.route == "api/v1/auth/login"):
        found = OPEN if found == TOKEN else found  # without cookie or password even a public view says 401
    assert found == getattr(RULES[address], persona)


@pytest.mark.parametrize("persona", ["anonymous", "user"])
@pytest.mark.parametrize("address", CONSOLES, ids=lambda address: f"{address.method}-{address.route}")
def test_console_is_closed_to_everybody_else(address, persona, world, client):
    person = world.users[persona]
    if person is not None:
        client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    answer = send(client, address, world.path(address.route))
    found = verdict(answer)
    if found == SIGN_IN and person is not None:  # the console's own sign-in address is what refuses
        found = verdict(client.get(answer.url))
    assert found == (OPEN if address.route == SIGN_OUT else getattr(CONSOLE, persona))


def for_administrators(route: str) -> str:
    """What an administrator meets in the console: every screen, but nobody adds or deletes what the platform made."""
    exceptions = (rule for pattern, rule in EXCEPTIONS.items() if re.fullmatch(pattern, route))
    return next(exceptions, OPEN)


@pytest.mark.parametrize("address", [a for a in CONSOLES if a.method == "GET"], ids=lambda address: address.route)
def test_administrator_opens_every_screen_of_the_console(address, world, client):
    client.force_login(world.users["administrator"], backend="django.contrib.auth.backends.ModelBackend")
    assert verdict(send(client, address, world.path(address.route))) == for_administrators(address.route)
