"""What has no address of its own: actions and inlines of the console, sockets, work that goes to the queue."""

from __future__ import annotations

import ast
from contextlib import asynccontextmanager

import pytest
from channels.testing import WebsocketCommunicator
from django.contrib import admin
from django.contrib.auth.models import Permission
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import RequestFactory
from django.utils import timezone
from django.utils.module_loading import import_string

from apps.training.models import TrainingJob
from tests.architecture.access_rules import ABSENT, ACTIONS, INLINES, OPEN, SOCKETS, TOKEN, WORK, Rule
from tests.architecture.addresses import Address, fill
from tests.architecture.test_access_matrix import PERSONAS
from tests.architecture.test_files import ROOT

SCREENS = sorted(admin.site._registry.items(), key=lambda item: item[0]._meta.label_lower)
CLOSED = {4401: TOKEN, 4404: ABSENT}
FILE = "银行名称,联行编号,清算行行号\n中国工商银行股份有限公司北京海淀支行,102100000021,102100099996\n"


def request_of(person):
    request = RequestFactory().get("/admin/")
    request.user = person
    return request


@pytest.fixture
def reader(make_user):
    """May enter the console and see everything in it, and change nothing."""
    person = make_user(username="rita")
    person.user_permissions.set(Permission.objects.filter(codename__startswith="view_"))
    person.user_permissions.add(Permission.objects.get(codename="enter_console"))
    return person


def test_every_action_and_every_inline_is_stated(administrator):
    request = request_of(administrator)
    actions = {model._meta.label_lower: set(screen.get_actions(request)) for model, screen in SCREENS}
    inlines = {
        model._meta.label_lower: {inline.model._meta.label_lower for inline in screen.get_inline_instances(request)}
        for model, screen in SCREENS
    }
    assert {label: found for label, found in actions.items() if found} == ACTIONS
    assert {label: found for label, found in inlines.items() if found} == INLINES


@pytest.mark.parametrize(("kind", "screen"), SCREENS, ids=lambda value: getattr(value, "__name__", ""))
def test_reader_of_the_console_is_offered_no_action_and_no_inline_to_write(kind, screen, reader, world):
    request = request_of(reader)
    assert not set(screen.get_actions(request)) - {"export"}
    for inline in screen.get_inline_instances(request):
        assert not inline.has_add_permission(request, None)
        assert not inline.has_change_permission(request, None)
        assert not inline.has_delete_permission(request, None)


@pytest.mark.parametrize("label", sorted(ACTIONS))
def test_action_that_is_not_offered_does_nothing(label, reader, world, client):
    model = next(model for model, _screen in SCREENS if model._meta.label_lower == label)
    client.force_login(reader, backend="django.contrib.auth.backends.ModelBackend")
    before = list(model._default_manager.order_by("pk").values())
    for action in ACTIONS[label]:
        form = {"action": action, "_selected_action": [row["pk" if "pk" in row else "id"] for row in before]}
        client.post(f"/admin/{label.replace('.', '/')}/", form | {"post": "yes"})
    assert list(model._default_manager.order_by("pk").values()) == before


# --- sockets --------------------------------------------------------------------------------------------------------


def test_every_socket_has_a_rule():
    patterns = import_string("apps.training.routing.websocket_urlpatterns")
    assert {str(pattern.pattern) for pattern in patterns} == set(SOCKETS)


@asynccontextmanager
async def socket_of(world, persona: str, path: str):
    """Open a socket as a browser of our own pages does, with the persona's session cookie."""
    headers = [(b"host", b"testserver"), (b"origin", b"http://testserver")]
    if world.credentials[persona]["cookies"]:
        headers.append((b"cookie", world.credentials[persona]["cookies"].strip().encode()))
    application = import_string("mozhu.asgi.application")
    socket = WebsocketCommunicator(application, path, headers=headers)
    assert (await socket.connect(timeout=10))[0]
    try:
        yield socket
    finally:
        await socket.disconnect()


async def met_by(world, persona: str, path: str) -> str:
    async with socket_of(world, persona, path) as socket:
        message = await socket.receive_output(10)
        return CLOSED[message["code"]] if message["type"] == "websocket.close" else OPEN


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("persona", PERSONAS)
@pytest.mark.parametrize("route", sorted(SOCKETS))
async def test_socket_answers_as_its_rule_says(route, persona, world):
    rule: Rule = SOCKETS[route]
    assert await met_by(world, persona, fill(route, given={}, pk=world.granted.job.pk)) == rule.of(persona)
    if persona != "administrator":
        hidden = await met_by(world, persona, fill(route, given={}, pk=world.foreign.job.pk))
        nothing = await met_by(world, persona, fill(route, given={}, pk=None))
        assert hidden == nothing != OPEN, "a job of others must look like one that does not exist"


# --- work for the queue ---------------------------------------------------------------------------------------------


def senders() -> set[str]:
    """Return every function of the apps that sends work to the queue, as `module.function`."""
    found = set()
    for path in sorted((ROOT / "apps").rglob("*.py")):
        for function in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            calls = ast.walk(function) if isinstance(function, ast.FunctionDef) else []
            if any(isinstance(call, ast.Call) and getattr(call.func, "id", "") == "enqueue" for call in calls):
                found.add(f"{'.'.join(path.relative_to(ROOT).with_suffix('').parts)}.{function.name}")
    return found


def test_every_function_that_sends_work_is_stated():
    assert senders() == WORK


def upload(world):
    file = SimpleUploadedFile("rows.csv", FILE.encode())
    return Address("POST", "api/v1/datasets/<uuid:id>/versions"), {"data": {"file": file}}


def import_again(world):
    world.granted.job.dataset_version.dataset.versions.update(status="failed")
    return Address("POST", "api/v1/datasets/<uuid:id>/versions/<int:number>/import-again"), {}


def submit_job(world):
    wanted = {"dataset_version": str(world.granted.job.dataset_version_id)}
    return Address("POST", "api/v1/jobs/"), {"data": wanted, "content_type": "application/json"}


@pytest.mark.parametrize("persona", PERSONAS)
@pytest.mark.parametrize(
    ("wish", "allowed"),
    [
        (upload, {"administrator", "may_manage"}),
        (import_again, {"administrator", "may_manage"}),
        (submit_job, {"administrator"}),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_only_who_may_do_it_sends_work(wish, allowed, persona, world, sent, monkeypatch):
    monkeypatch.setattr("apps.core.queue.transaction.on_commit", lambda act: act())
    TrainingJob.objects.update(status="cancelled", finished_at=timezone.now())  # nobody waits for a slot
    address, body = wish(world)
    world.caller(persona, address).post(world.granted.path(address.route), **body)
    assert bool(sent) == (persona in allowed)
