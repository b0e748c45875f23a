"""Following a job live: one tailer per job and process reads, everybody who watches gets it in order, once each.

Watchers pull: each has its own cursor and takes what lies after it from the tailer's recent events, or from the table
if it has fallen behind those. So a slow watcher costs no memory, and nothing can be lost or doubled on the way.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any
from uuid import UUID

from channels.db import database_sync_to_async
from channels.layers import get_channel_layer
from django.db import Error as DatabaseError
from redis.exceptions import RedisError

from apps.training.events import group_name
from apps.training.models import TrainingJob
from apps.training.snapshots import encode, event_texts, snapshot, state_of

logger = logging.getLogger(__name__)

LOOK_SECONDS = 1.0
RECENT_EVENTS = 1_000


class JobVanished(Exception):
    """The job is no longer in the table."""


class Tailer:
    """Reads a job's row and its new events at every ring of the doorbell, and at least once a second."""

    def __init__(self, job_id: UUID) -> None:
        self.job_id = job_id
        self.watchers = 0
        self.cursor = 0
        self.state: dict[str, Any] = {}
        self.vanished = False
        self.news = asyncio.Event()  # replaced at every change: a watcher waits for the one it took before looking
        self._recent: deque[tuple[int, str]] = deque(maxlen=RECENT_EVENTS)
        self._bell = asyncio.Event()
        self._starting = asyncio.Lock()
        self._tasks: list[asyncio.Task[None]] = []

    async def ready(self) -> None:
        """Start, if nobody has yet; raises JobVanished."""
        async with self._starting:
            if not self._tasks:
                job = await _read_job(self.job_id)
                self.cursor, self.state = job.last_seq, state_of(job)
                self._tasks = [asyncio.create_task(self._hear()), asyncio.create_task(self._read())]

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def after(self, cursor: int) -> list[tuple[int, str]]:
        """Return the events after `cursor` as (seq, JSON text), in order; empty when there is nothing newer."""
        if cursor >= self.cursor:
            return []
        if not self._recent or self._recent[0][0] > cursor + 1:
            older: list[tuple[int, str]] = await database_sync_to_async(event_texts)(self.job_id, after=cursor)
            return older
        found = []
        for event in reversed(self._recent):
            if event[0] <= cursor:
                break
            found.append(event)
        return found[::-1]

    async def _read(self) -> None:
        while not self.vanished:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._bell.wait(), LOOK_SECONDS)
            self._bell.clear()
            try:
                await self._look()
            except JobVanished:
                self.vanished = True
                self._announce()
            except DatabaseError as error:
                logger.warning("Job %s cannot be read just now: %s", self.job_id, error)
                await asyncio.sleep(LOOK_SECONDS)

    async def _look(self) -> None:
        job = await _read_job(self.job_id)  # the row first: whatever its status says, its events are there already
        behind = job.last_seq > self.cursor
        while job.last_seq > self.cursor:
            page = await database_sync_to_async(event_texts)(self.job_id, after=self.cursor)
            self._recent.extend(page)
            self.cursor = page[-1][0]
        state = state_of(job)
        if behind or state != self.state:
            self.state = state
            self._announce()

    def _announce(self) -> None:
        self.news.set()
        self.news = asyncio.Event()

    async def _hear(self) -> None:
        """Wait at the channel layer's doorbell. Without it the reader's own clock goes on."""
        layer = get_channel_layer()
        while True:
            try:
                channel = await layer.new_channel()
                await layer.group_add(group_name(self.job_id), channel)
                try:
                    while True:
                        await layer.receive(channel)
                        self._bell.set()
                finally:
                    with suppress(RedisError, OSError):
                        await layer.group_discard(group_name(self.job_id), channel)
            except (RedisError, OSError) as error:
                logger.debug("No doorbell: %s", error)
                await asyncio.sleep(LOOK_SECONDS)


async def frames(job_id: UUID, *, after: int) -> AsyncGenerator[str, None]:
    """Yield what a watcher who has seen everything up to `after` is to be sent, until the job has ended.

    First a snapshot (the whole history if `after` is 0 or beyond the end), then `events` and `status` frames.
    Raises JobVanished.
    """
    async with _tailing(job_id) as tailer:
        sent, cursor = tailer.state, tailer.cursor
        if 0 < after <= cursor:
            cursor = after
            yield encode({"type": "snapshot", "cursor": cursor, "job": sent})
        else:
            yield await database_sync_to_async(snapshot)(job_id, state=sent, cursor=cursor)
        while not tailer.vanished:
            news = tailer.news
            if events := await tailer.after(cursor):
                cursor = events[-1][0]
                yield f'{{"type":"events","cursor":{cursor},"events":[{",".join(text for _, text in events)}]}}'
                continue
            if tailer.state != sent:
                sent = tailer.state
                yield encode({"type": "status", "cursor": cursor, "job": sent})
            if sent["ended"]:
                return
            await news.wait()
        raise JobVanished


_tailers: dict[UUID, Tailer] = {}


@asynccontextmanager
async def _tailing(job_id: UUID) -> AsyncIterator[Tailer]:
    """Share the process's tailer of this job: the first watcher starts it, the last one stops it."""
    tailer = _tailers.get(job_id)
    if tailer is None:
        tailer = _tailers[job_id] = Tailer(job_id)
    tailer.watchers += 1
    try:
        await tailer.ready()
        yield tailer
    finally:
        tailer.watchers -= 1
        if tailer.watchers == 0:
            del _tailers[job_id]
            await tailer.stop()


@database_sync_to_async
def _read_job(job_id: UUID) -> TrainingJob:
    job: TrainingJob | None = TrainingJob.objects.select_related("model_version__model").filter(pk=job_id).first()
    if job is None:
        raise JobVanished
    return job
