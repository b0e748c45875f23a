"""The client of the engine (ENGINE_URL, OpenAI-compatible): one deadline for everything, one breaker per process."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import httpx
from django.conf import settings

from apps.registry.models import ModelVersion

logger = logging.getLogger(__name__)

CONNECT_SECONDS = 0.2
"""An engine of the same site accepts at once or not at all."""
ANSWER_BYTES_MAX = 64 * 1024
ANSWER_TOKENS_MAX = 128


class EngineUnavailableError(Exception):
    """No usable answer in time. `reason`: resting (breaker), away, slow, busy, refused."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason

    @property
    def is_about_the_engine(self) -> bool:
        """A refusal is about one question or adapter; the others tell that the next question would fare no better."""
        return self.reason != "refused"


class Completion(NamedTuple):
    """What an adapter said, and how many tokens it read and wrote for it (0 where the engine does not tell)."""

    text: str
    tokens: int = 0


class Breaker:
    """After some failures in a row the engine is left alone for a while, then one question tries it again."""

    def __init__(self, *, failures_max: int = 2, rest_seconds: float = 5.0) -> None:
        self._failures_max = failures_max
        self._rest_seconds = rest_seconds
        self._lock = threading.Lock()
        self.reset()

    def reset(self) -> None:
        self._failures = 0
        self._resting_until = 0.0

    def lets_through(self) -> bool:
        """Return whether to try; when the rest is over only the first caller is let through until it reports."""
        with self._lock:
            if self._failures < self._failures_max:
                return True
            if time.monotonic() < self._resting_until:
                return False
            self._resting_until = time.monotonic() + self._rest_seconds
            return True

    def report(self, *, success: bool) -> None:
        with self._lock:
            self._failures = 0 if success else self._failures + 1
            self._resting_until = time.monotonic() + self._rest_seconds


breaker = Breaker()


@lru_cache(maxsize=1)
def client() -> httpx.Client:
    """Return the one client of this process; it keeps connections and is safe to share between threads."""
    limits = httpx.Limits(max_connections=64, max_keepalive_connections=16)
    return httpx.Client(limits=limits, trust_env=False, follow_redirects=False)


def complete(version: ModelVersion, messages: Sequence[dict[str, str]]) -> Completion:
    """Return what the version's adapter says to `messages`, within ENGINE_DEADLINE_SECONDS.

    An engine that does not know the adapter is told where it lies and asked again in what is left of the deadline.
    Raises EngineUnavailableError.
    """
    if not breaker.lets_through():
        raise EngineUnavailableError("resting")
    deadline = time.monotonic() + settings.ENGINE_DEADLINE_SECONDS
    try:
        said = _chat(version, messages, deadline)
    except EngineUnavailableError as error:
        breaker.report(success=not error.is_about_the_engine)
        logger.warning("Engine: %s (%s)", error, version.pk)
        raise
    breaker.report(success=True)
    return said


def load(version: ModelVersion, *, deadline: float | None = None) -> None:
    """Tell the engine where the version's adapter lies; raises EngineUnavailableError."""
    deadline = deadline or time.monotonic() + settings.ENGINE_DEADLINE_SECONDS
    body = {"lora_name": str(version.pk), "lora_path": str(version.adapter_directory)}
    status, text = _post("/v1/load_lora_adapter", body, deadline)
    if status == 400 and "already" in text.lower():  # vLLM: somebody else was faster
        return
    if status != 200:
        raise EngineUnavailableError("refused", f"load_lora_adapter: {status} {text[:200]}")


def _chat(version: ModelVersion, messages: Sequence[dict[str, str]], deadline: float) -> Completion:
    body = {
        "model": str(version.pk),
        "messages": list(messages),
        "temperature": 0,
        "max_tokens": ANSWER_TOKENS_MAX,
        "chat_template_kwargs": {"enable_thinking": False},
    }
    status, text = _post("/v1/chat/completions", body, deadline)
    if status == 404:
        load(version, deadline=deadline)
        status, text = _post("/v1/chat/completions", body, deadline)
    if status != 200:
        raise EngineUnavailableError("refused", f"chat: {status} {text[:200]}")
    return _completion_of(text)


def _completion_of(text: str) -> Completion:
    try:
        body = httpx.Response(200, text=text).json()
        content = body["choices"][0]["message"]["content"]
    except (ValueError, LookupError, TypeError) as error:
        raise EngineUnavailableError("refused", "not a chat completion") from error
    if not isinstance(content, str):
        raise EngineUnavailableError("refused", "no text in the completion")
    used = body.get("usage")
    tokens = used.get("total_tokens") if isinstance(used, dict) else None
    return Completion(content, tokens if isinstance(tokens, int) and tokens > 0 else 0)


def _post(path: str, body: dict[str, Any], deadline: float) -> tuple[int, str]:
    """Return status and text. httpx limits each step, so the pieces of the answer are counted against the deadline."""
    left = deadline - time.monotonic()
    if left <= 0:
        raise EngineUnavailableError("slow")
    timeout = httpx.Timeout(left, connect=min(left, CONNECT_SECONDS), pool=min(left, CONNECT_SECONDS))
    try:
        with client().stream("POST", settings.ENGINE_URL.rstrip("/") + path, json=body, timeout=timeout) as response:
            if response.is_server_error:
                raise EngineUnavailableError("busy", f"{path}: {response.status_code}")
            return response.status_code, _read(response, deadline)
    except httpx.ConnectError as error:
        raise EngineUnavailableError("away", str(error)) from error
    except httpx.TimeoutException as error:
        raise EngineUnavailableError("slow", type(error).__name__) from error
    except httpx.HTTPError as error:
        raise EngineUnavailableError("away", str(error)) from error


def _read(response: httpx.Response, deadline: float) -> str:
    content = b""
    for piece in response.iter_bytes():
        content += piece
        if time.monotonic() > deadline:
            raise EngineUnavailableError("slow")
        if len(content) > ANSWER_BYTES_MAX:
            raise EngineUnavailableError("refused", "answer too long")
    return content.decode(errors="replace")
