"""The live page's socket: `/ws/training/jobs/<uuid>/?after=SEQ`."""

from __future__ import annotations

import asyncio
import logging
import time
from contextlib import aclosing
from typing import Any
from urllib.parse import parse_qs
from uuid import UUID

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer

from apps.training.live import JobVanished, frames
from apps.training.models import TrainingJob
from apps.users.models import User

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

    async def connect(self) -> None:
        await self.accept()
        self._sending = asyncio.create_task(self._send())

    async def disconnect(self, code: int) -> None:
        if self._sending is not None:
            self._sending.cancel()
            await asyncio.gather(self._sending, return_exceptions=True)

    async def _send(self) -> None:
        job_id = self.scope["url_route"]["kwargs"]["job_id"]
        try:
            code = await _refusal(self.scope["user"].pk, job_id) or await self._send_frames(job_id)
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
                    refusal: int | None = await _refusal(self.scope["user"].pk, job_id)
                    if refusal is not None:
                        return refusal
                    checked = time.monotonic()
                await self.send(frame)
        return JOB_ENDED


def _after(scope: dict[str, Any]) -> int:
    given = parse_qs(scope["query_string"].decode()).get("after", ["0"])[0]
    return int(given) if given.isdecimal() and len(given) < 10 else 0


@database_sync_to_async
def _refusal(user_id: int | None, job_id: UUID) -> int | None:
    """Return why this user may not watch this job, or None. Reads the user anew: rights may have been taken away."""
    user = User.objects.filter(pk=user_id, is_active=True).first()
    if user is None:
        return NOT_SIGNED_IN
    return None if TrainingJob.objects.visible_to(user).filter(pk=job_id).exists() else NOT_FOUND
