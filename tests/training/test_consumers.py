from __future__ import annotations

import asyncio
import json
import time
from contextlib import asynccontextmanager

import pytest
from channels.db import database_sync_to_async
from channels.routing import URLRouter
from channels.testing import WebsocketCommunicator
from django.contrib.auth.models import AnonymousUser
from django.test import Client
from redis.exceptions import ConnectionError as RedisConnectionError

from apps.training import ending, events, live, services
from apps.training.events import Draft, record
from apps.training.models import TrainingEvent
from apps.training.routing import websocket_urlpatterns
from apps.users import sessions
from apps.users.models import User

pytestmark = pytest.mark.django_db(transaction=True)

a_record = database_sync_to_async(record)


@asynccontextmanager
async def watching(job_id, user, *, query="", session=None):
    """Open a socket as `user`; closes it at the end, and then no tailer may be left."""
    socket = WebsocketCommunicator(URLRouter(websocket_urlpatterns), f"/ws/training/jobs/{job_id}/{query}")
    socket.scope |= {"user": user, "session": session}
    connected, _ = await socket.connect(timeout=5)
    assert connected
    try:
        yield socket
    finally:
        await socket.disconnect()


async def frame(socket, timeout=5.0):
    """Return the next frame, or the close code."""
    message = await socket.receive_output(timeout)
    return json.loads(message["text"]) if message["type"] == "websocket.send" else message["code"]


async def seqs(socket, last):
    """Return the numbers of all events from `events` frames up to `last`, as they came."""
    got = []
    while not got or got[-1] < last:
        got += [event["seq"] for event in (await frame(socket)).get("events", [])]
    return got


@pytest.fixture
def job(make_job):
    return make_job("running")


@pytest.fixture
def deaf(monkeypatch):
    """The channel layer is away: no doorbell."""

    class Away:
        async def group_send(self, *_):
            raise RedisConnectionError("away")

        async def new_channel(self):
            raise RedisConnectionError("away")

    monkeypatch.setattr(events, "get_channel_layer", Away)
    monkeypatch.setattr(live, "get_channel_layer", Away)


async def test_without_a_login_the_socket_closes_with_4401(job):
    async with watching(job.pk, AnonymousUser()) as socket:
        assert await frame(socket) == 4401


async def test_a_stranger_is_told_that_there_is_no_such_job(job, stranger):
    async with watching(job.pk, stranger) as socket:
        assert await frame(socket) == 4404


async def test_a_job_that_does_not_exist_closes_with_4404(administrator):
    async with watching("00000000-0000-0000-0000-000000000000", administrator) as socket:
        assert await frame(socket) == 4404


async def test_nobody_can_tell_without_a_login_whether_a_job_exists(db):
    async with watching("00000000-0000-0000-0000-000000000000", AnonymousUser()) as socket:
        assert await frame(socket) == 4401


async def test_an_inactive_user_is_as_good_as_not_signed_in(job, administrator):
    administrator.is_active = False
    await database_sync_to_async(administrator.save)()
    async with watching(job.pk, administrator) as socket:
        assert await frame(socket) == 4401


async def test_the_first_frame_is_a_snapshot_with_the_history_in_compact_form(job, administrator):
    steps = [Draft("progress", {"step": n, "loss": 1 / n, "learning_rate": 0.1}) for n in range(1, 51)]
    await a_record(
        job, [Draft("attempt", {"number": 1}), *steps, Draft("validation", {"step": 50, "loss": 0.2}), Draft("log")]
    )
    async with watching(job.pk, administrator) as socket:
        first = await frame(socket)
    assert (first["type"], first["cursor"], first["job"]["status"]) == ("snapshot", 53, "running")
    assert first["curve"]["step"] == list(range(1, 51))
    assert first["curve"]["learning_rate"] == [0.1] * 50
    assert [event["kind"] for event in first["events"]] == ["attempt", "progress", "validation", "log"]
    assert [event["seq"] for event in first["events"]] == [1, 51, 52, 53]


async def test_a_long_history_is_thinned_evenly(job, administrator, monkeypatch):
    monkeypatch.setattr("apps.training.snapshots.POINTS_MAX", 100)
    await a_record(job, [Draft("progress", {"step": n, "loss": 1.0}) for n in range(1, 1001)])
    async with watching(job.pk, administrator) as socket:
        steps = (await frame(socket))["curve"]["step"]
    assert 50 <= len(steps) <= 100
    assert steps[0] < 20
    assert steps[-1] > 980


async def test_a_reconnect_gets_exactly_what_came_after_its_cursor(job, administrator):
    await a_record(job, [Draft("log", {"message": str(n)}) for n in range(1, 11)])
    async with watching(job.pk, administrator, query="?after=7") as socket:
        first = await frame(socket)
        assert (first["type"], first["cursor"]) == ("snapshot", 7)
        assert "curve" not in first
        assert await seqs(socket, last=10) == [8, 9, 10]


@pytest.mark.parametrize("query", ["?after=999", "?after=-1", "?after=soon", "?after=", "?after=99999999999999999999"])
async def test_a_cursor_that_cannot_be_ours_starts_from_the_beginning(job, administrator, query):
    await a_record(job, [Draft("log")])
    async with watching(job.pk, administrator, query=query) as socket:
        first = await frame(socket)
    assert (first["cursor"], len(first["events"])) == (1, 1)


async def test_a_very_long_gap_is_closed_page_by_page(job, administrator):
    await a_record(job, [Draft("log") for _ in range(1_700)])
    async with watching(job.pk, administrator, query="?after=1") as socket:
        await frame(socket)
        assert await seqs(socket, last=1_700) == list(range(2, 1_701))


async def test_an_event_rings_the_bell_and_arrives_at_once(job, administrator, monkeypatch):
    monkeypatch.setattr(live, "LOOK_SECONDS", 30.0)  # so that only the bell can bring it
    async with watching(job.pk, administrator) as socket:
        await frame(socket)
        await asyncio.sleep(0.2)
        started = time.monotonic()
        await a_record(job, [Draft("progress", {"step": 1, "loss": 0.5})])
        news = await frame(socket)
    assert news["events"][0]["payload"] == {"step": 1, "loss": 0.5}
    assert time.monotonic() - started < 1


async def test_without_a_bell_the_table_is_looked_at_every_second(job, administrator, deaf):
    async with watching(job.pk, administrator) as socket:
        await frame(socket)
        started = time.monotonic()
        await a_record(job, [Draft("log")])
        assert (await frame(socket))["events"][0]["seq"] == 1
    assert time.monotonic() - started < 3


async def test_many_watchers_lose_and_double_nothing_while_events_are_written(job, administrator):
    """Watchers come with different cursors, in the middle of a stream of events; each gets the rest in order, once."""
    total = 300

    async def write():
        for _ in range(total // 3):
            await a_record(job, [Draft("progress", {"step": 1})] * 3)
            await asyncio.sleep(0.005)

    async def watch(after, delay):
        await asyncio.sleep(delay)
        async with watching(job.pk, administrator, query=f"?after={after}") as socket:
            cursor = (await frame(socket))["cursor"]
            return cursor, await seqs(socket, last=total) if cursor < total else []

    writer = asyncio.create_task(write())
    results = await asyncio.gather(*(watch(after, delay / 20) for delay, after in enumerate([0, 0, 3, 6, 1, 9, 2, 0])))
    await writer
    for cursor, got in results:
        assert got == list(range(cursor + 1, total + 1))
    assert not live._tailers


async def test_all_watchers_of_a_job_share_one_tailer(job, administrator):
    async with watching(job.pk, administrator) as one, watching(job.pk, administrator) as two:
        await frame(one)
        await frame(two)
        assert [tailer.watchers for tailer in live._tailers.values()] == [2]
    assert not live._tailers


async def test_a_cancel_request_is_shown_at_once(job, administrator):
    async with watching(job.pk, administrator) as socket:
        assert not (await frame(socket))["job"]["cancelling"]
        await database_sync_to_async(services.request_cancel)(job, actor=administrator)
        asked, news = await frame(socket), await frame(socket)
    assert [(event["kind"], event["payload"]) for event in asked["events"]] == [
        ("cancel_requested", {"by": str(administrator)})
    ]
    assert (news["type"], news["job"]["cancelling"]) == ("status", True)


async def test_the_end_comes_after_the_last_event_and_closes_politely(job, administrator):
    async with watching(job.pk, administrator) as socket:
        await frame(socket)
        end = database_sync_to_async(ending.end_job)
        await end(job, "failed", drafts=[Draft("failed", {"code": "x"})], error_code="x", error_message="Broken.")
        events_frame, status, code = await frame(socket), await frame(socket), await frame(socket)
    assert [event["kind"] for event in events_frame["events"]] == ["failed"]
    assert (status["job"]["status"], status["job"]["error"]["message"]) == ("failed", "Broken.")
    assert code == 1000


async def test_a_finished_job_shows_everything_and_closes(make_job, administrator):
    job = await database_sync_to_async(make_job)("cancelled", last_seq=1)
    await database_sync_to_async(TrainingEvent.objects.create)(job=job, seq=1, kind="cancelled")
    async with watching(job.pk, administrator) as socket:
        first = await frame(socket)
        assert (first["job"]["ended"], len(first["events"])) == (True, 1)
        assert await frame(socket) == 1000


async def test_rights_taken_away_end_the_stream(job, administrator, monkeypatch):
    monkeypatch.setattr("apps.training.consumers.ACCESS_CHECK_SECONDS", 0.0)
    async with watching(job.pk, administrator) as socket:
        await frame(socket)
        await database_sync_to_async(administrator.groups.clear)()
        job.created_by = None
        await database_sync_to_async(job.save)(update_fields=["created_by"])
        await a_record(job, [Draft("log")])
        assert await frame(socket) == 4404


def signed_in_session(username):
    """Sign in as a browser does; return its session."""
    browser = Client()
    browser.post("/sign-in/", {"username": username, "password": "correct horse battery"})
    return browser.session


async def test_socket_closes_within_seconds_with_the_session_it_was_opened_by(job, administrator):
    mine, other = [await database_sync_to_async(signed_in_session)("anna") for _browser in range(2)]
    async with watching(job.pk, administrator, session=mine) as staying:
        async with watching(job.pk, administrator, session=other) as socket:
            assert (await frame(staying))["type"] == (await frame(socket))["type"] == "snapshot"
            end = database_sync_to_async(sessions.end_everywhere)
            await end(administrator, actor=administrator, except_session=mine.session_key)
            assert await frame(socket) == 4401
        assert await staying.receive_nothing(0.2)


async def test_socket_of_somebody_who_is_switched_off_closes_within_seconds(job, administrator):
    session = await database_sync_to_async(signed_in_session)("anna")
    async with watching(job.pk, administrator, session=session) as socket:
        await frame(socket)
        await User.objects.aupdate(is_active=False)
        await database_sync_to_async(sessions.end_everywhere)(administrator, actor=None)
        assert await frame(socket) == 4401
