"""The engine's requests, checked."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

MOST_TOKENS = 1024
_ROLES = ("system", "user", "assistant")
_NAME = re.compile(r"[A-Za-z0-9_-]{1,100}")  # also a key of torch's module dictionaries, which take no dots


class BadRequestError(Exception):
    """The request breaks the interface; the message says how."""


@dataclass(frozen=True)
class ChatRequest:
    model: str
    messages: list[dict[str, str]]
    max_tokens: int


def chat_request(body: Any) -> ChatRequest:
    """Raises BadRequestError. Answers are greedy and whole: a temperature above 0 and streaming are refused."""
    values = _object(body)
    model, messages = values.get("model"), values.get("messages")
    max_tokens = values.get("max_tokens", values.get("max_completion_tokens", 128))
    if not isinstance(model, str) or not model:
        raise BadRequestError("model must be text")
    if not isinstance(messages, list) or not messages:
        raise BadRequestError("messages must be a list with at least one message")
    if isinstance(max_tokens, bool) or not isinstance(max_tokens, int) or not 1 <= max_tokens <= MOST_TOKENS:
        raise BadRequestError(f"max_tokens must be a whole number from 1 to {MOST_TOKENS}")
    if values.get("temperature", 0) != 0:
        raise BadRequestError("temperature must be 0: answers are deterministic")
    if values.get("stream"):
        raise BadRequestError("stream is not offered")
    return ChatRequest(model, [_message(message) for message in messages], max_tokens)


def adapter_request(body: Any, *, needs_path: bool) -> tuple[str, str]:
    """(lora_name, lora_path); the path is empty where none is needed. Raises BadRequestError."""
    values = _object(body)
    name, path = values.get("lora_name"), values.get("lora_path", "")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise BadRequestError("lora_name must be 1 to 100 letters, digits, _ or -")
    if not isinstance(path, str) or "\0" in path or (needs_path and not path):
        raise BadRequestError("lora_path must be the folder of an adapter")
    return name, path


def _object(body: Any) -> dict[str, Any]:
    if not isinstance(body, dict):
        raise BadRequestError("the request must be a JSON object")
    return body


def _message(message: Any) -> dict[str, str]:
    if (
        not isinstance(message, dict)
        or message.get("role") not in _ROLES
        or not isinstance(message.get("content"), str)
    ):
        raise BadRequestError(f"each message needs a role ({', '.join(_ROLES)}) and a content of text")
    return {"role": message["role"], "content": message["content"]}
