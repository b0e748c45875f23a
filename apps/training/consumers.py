"""The live page's socket: `/ws/training/jobs/<uuid>/?after=SEQ`."""

from __future__ import annotations

import asyncio
import logging
import time
from contextlib import aclosing, suppress
from typing import Any
from urllib.parse import parse_qs
from uuid import UUID

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from django.contrib.sessions.models import Session
from redis.exceptions import RedisError

from apps.training.live import JobVanished, frames
from apps.training.models import TrainingJob
from apps.users.models import User
from apps.users.sessions import group_name

logger = logging.getLogger(__name__)

NOT_SIGNED_IN = 4401
NOT_FOUND = 4404
JOB_ENDED = 1000
TRY_AGAIN = 1011
ACCESS_CHECK_SECONDS = 60.0


class JobConsumer(AsyncWebsocketConsumer):
    """Sends `snapshot`, `events` and `status` frames (see live.frames); what the client sends is ignored.

    It closes with 4401 (not signed in), 4404 (no such job for this user), 1000 (the job has ended and everything was
    sent) or 1011 (our fault, come back with your cursor). A refusal accepts first: a browser cannot read the code of a
    handshake that was turned down.
    """

    _sending: asyncio.Task[None] | None = None
    _group: str | None = None

    async def connect(self) -> None:
        await self.accept()
        await self._listen()
        self._sending = asyncio.create_task(self._send())

    async def _listen(self) -> None:
        """Hear when this person is signed out somewhere. Without the channel layer the own clock has to do."""
        if self.scope["user"].pk is not None:
            group = group_name(self.scope["user"].pk)
            with suppress(RedisError, OSError):
                await self.channel_layer.group_add(group, self.channel_name)
                self._group = group

    async def person_look(self, event: dict[str, Any]) -> None:
        """Somebody's places have changed: was it this one?"""
        refusal = await self._refusal()
        if refusal is not None:
            await self.close(refusal)

    async def disconnect(self, code: int) -> None:
        if self._group is not None:
            with suppress(RedisError, OSError):
                await self.channel_layer.group_discard(self._group, self.channel_name)
        if self._sending is not None:
            self._sending.cancel()
            await asyncio.gather(self._sending, return_exceptions=True)

    async def _send(self) -> None:
        job_id = self.scope["url_route"]["kwargs"]["job_id"]
        try:
            code = await self._refusal() or await self._send_frames(job_id)
        except JobVanished:
            code = NOT_FOUND
        except Exception:  # the socket's outer edge: nobody awaits this task
            logger.exception("The socket of job %s broke", job_id)
            code = TRY_AGAIN
        await self.close(code)

    async def _send_frames(self, job_id: UUID) -> int:
        checked = time.monotonic()
        async with aclosing(frames(job_id, after=_after(self.scope))) as stream:
            async for frame in stream:
                if time.monotonic() - checked > ACCESS_CHECK_SECONDS:
                    refusal = await self._refusal()
                    if refusal is not None:
                        return refusal
                    checked = time.monotonic()
                await self.send(frame)
        return JOB_ENDED

    async def _refusal(self) -> int | None:
        session = self.scope.get("session")
        key = session.session_key if session is not None else None
        code: int | None = await _refusal(self.scope["user"].pk, key, self.scope["url_route"]["kwargs"]["job_id"])
        return code


def _after(scope: dict[str, Any]) -> int:
    given = parse_qs(scope["query_string"].decode()).get("after", ["0"])[0]
    return int(given) if given.isdecimal() and len(given) < 10 else 0


@database_sync_to_async
def _refusal(user_id: int | None, session_key: str | None, job_id: UUID) -> int | None:
    """Return why this user may not watch this job, or None. Reads anew: rights and the session may have been ended."""
    user = User.objects.filter(pk=user_id, is_active=True).first()
    if user is None or (session_key is not None and not Session.objects.filter(pk=session_key).exists()):
        return NOT_SIGNED_IN
    return None if TrainingJob.objects.visible_to(user).filter(pk=job_id).exists() else NOT_FOUND
