"""Sockets in the wrong hands: forged origins, garbage, huge frames, addresses that there are not.

Tested elsewhere: no login, somebody else's job, a job that there is not, rights taken away (tests/training/
test_consumers.py), every persona (tests/architecture/test_access_parts.py).
"""

from __future__ import annotations

import json

import pytest
from channels.testing import WebsocketCommunicator
from django.utils.module_loading import import_string

from tests.training.conftest import dataset_version, make_job, model  # noqa: F401

pytestmark = pytest.mark.django_db(transaction=True)

OWN = [(b"host", b"testserver"), (b"origin", b"http://testserver")]


def socket_to(path: str, *headers: tuple[bytes, bytes]) -> WebsocketCommunicator:
    return WebsocketCommunicator(import_string("mozhu.asgi.application"), path, headers=list(headers))


@pytest.fixture
def session(client, administrator):
    client.force_login(administrator, backend="django.contrib.auth.backends.ModelBackend")
    return (b"cookie", f"sessionid={client.cookies['sessionid'].value}".encode())


@pytest.fixture
def running_job(make_job):  # noqa: F811
    return make_job("running")


@pytest.mark.parametrize("origin", [b"https://evil.example", b"null", b"http://testserver.evil.example", b"nonsense"])
async def test_page_of_another_site_opens_no_socket(origin, session, running_job):
    path = f"/ws/training/jobs/{running_job.pk}/"
    socket = socket_to(path, (b"host", b"testserver"), (b"origin", origin), session)
    assert not (await socket.connect(timeout=10))[0]


FRAMES = {
    "garbage": b"\x00\xff\xfe" * 100,
    "ten megabytes": b"x" * 10 * 2**20,
    "text that is no JSON": "}{",
    "a command": json.dumps({"type": "websocket.close", "job": "*", "action": "cancel"}),
    "deep JSON": "[" * 50_000,
    "ten megabytes of text": "行" * 3 * 2**20,
    "one letter": "x",
}


@pytest.mark.parametrize("frame", FRAMES.values(), ids=FRAMES)
async def test_what_a_client_sends_is_not_even_read(frame, session, running_job):
    """The socket goes on sending; the job is as it was."""
    socket = socket_to(f"/ws/training/jobs/{running_job.pk}/", *OWN, session)
    assert (await socket.connect(timeout=10))[0]
    first = json.loads((await socket.receive_output(10))["text"])
    assert first["job"]["status"] == "running"
    await (socket.send_to(text_data=frame) if isinstance(frame, str) else socket.send_to(bytes_data=frame))
    assert await socket.receive_nothing(0.2)
    await socket.disconnect()


@pytest.mark.parametrize("after", ["-1", "abc", "9" * 400, "%00", "1e9", "'; DROP TABLE", "١٢"])
async def test_cursor_that_is_none_starts_at_the_beginning(after, session, running_job):
    socket = socket_to(f"/ws/training/jobs/{running_job.pk}/?after={after}", *OWN, session)
    assert (await socket.connect(timeout=10))[0]
    assert json.loads((await socket.receive_output(10))["text"])["type"] == "snapshot"
    await socket.disconnect()


PATHS = ["/ws/", "/ws/training/jobs/x/", "/", "/admin/", "/ws/training/jobs/../../", "/ws/%00/"]


@pytest.mark.parametrize("path", PATHS)
async def test_address_that_there_is_not_opens_no_socket(path, session):
    socket = socket_to(path, *OWN, session)
    with pytest.raises(ValueError, match="No route found"):
        await socket.connect(timeout=10)
