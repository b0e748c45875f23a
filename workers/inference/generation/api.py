"""The engine's HTTP interface: the part of OpenAI's that a parser needs, and vLLM's loading of LoRA adapters."""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from workers.inference.generation.batching import Batcher, BusyError, PromptTooLongError
from workers.inference.generation.decoding import Completion, render_prompt
from workers.inference.generation.loading import ModelError
from workers.inference.generation.models import LoadedModels, UnknownModelError
from workers.inference.generation.requests import BadRequestError, ChatRequest, adapter_request, chat_request

LARGEST_BODY = 256 * 1024  # bytes

Endpoint = Callable[[Request], Awaitable[Response]]


def create_app(models: LoadedModels) -> Starlette:
    """The ASGI application; its torch thread lives as long as the application's lifespan."""
    batcher = Batcher(models)
    engine = Engine(batcher)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        batcher.start()
        yield
        await asyncio.to_thread(batcher.stop)

    return Starlette(
        lifespan=lifespan,
        routes=[
            Route("/health", engine.health),
            Route("/v1/models", engine.list_models),
            Route("/v1/chat/completions", _guarded(engine.complete), methods=["POST"]),
            Route("/v1/load_lora_adapter", _guarded(engine.load_adapter), methods=["POST"]),
            Route("/v1/unload_lora_adapter", _guarded(engine.unload_adapter), methods=["POST"]),
        ],
    )


class Engine:
    def __init__(self, batcher: Batcher) -> None:
        self.batcher = batcher

    async def health(self, request: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def list_models(self, request: Request) -> Response:
        entries = [{"id": name, "object": "model", "owned_by": "mozhu"} for name in self.batcher.models.names()]
        return JSONResponse({"object": "list", "data": entries})

    async def complete(self, request: Request) -> Response:
        chat = chat_request(await _body(request))
        prompt = render_prompt(self.batcher.models.tokenizer(chat.model), chat.messages)
        completion = await asyncio.wrap_future(self.batcher.generate(chat.model, prompt, max_tokens=chat.max_tokens))
        return JSONResponse(_answer(chat, completion))

    async def load_adapter(self, request: Request) -> Response:
        name, path = adapter_request(await _body(request), needs_path=True)
        await asyncio.wrap_future(self.batcher.call(lambda: self.batcher.models.load_adapter(name, Path(path))))
        return Response(f"Success: LoRA adapter '{name}' added successfully.")

    async def unload_adapter(self, request: Request) -> Response:
        name, _ = adapter_request(await _body(request), needs_path=False)
        await asyncio.wrap_future(self.batcher.call(lambda: self.batcher.models.unload_adapter(name)))
        return Response(f"Success: LoRA adapter '{name}' removed successfully.")


def _answer(chat: ChatRequest, completion: Completion) -> dict[str, Any]:
    choice = {
        "index": 0,
        "message": {"role": "assistant", "content": completion.text},
        "finish_reason": "stop" if completion.is_complete else "length",
    }
    return {
        "id": f"chatcmpl-{uuid.uuid4().hex}",
        "object": "chat.completion",
        "created": int(time.time()),
        "model": chat.model,
        "choices": [choice],
        "usage": {
            "prompt_tokens": completion.prompt_tokens,
            "completion_tokens": completion.tokens,
            "total_tokens": completion.prompt_tokens + completion.tokens,
        },
    }


async def _body(request: Request) -> Any:
    """The JSON of the request. Raises BadRequestError, also for a body that is too large."""
    chunks = bytearray()
    async for chunk in request.stream():
        chunks += chunk
        if len(chunks) > LARGEST_BODY:
            raise BadRequestError("the request is too large")
    try:
        return json.loads(chunks)
    except (ValueError, RecursionError):
        raise BadRequestError("the request is not valid JSON") from None


def _guarded(endpoint: Endpoint) -> Endpoint:
    """Turns what may go wrong into OpenAI's error shape."""

    async def guarded(request: Request) -> Response:
        try:
            return await endpoint(request)
        except (BadRequestError, PromptTooLongError) as error:
            return _error(400, "invalid_request_error", "bad_request", str(error))
        except ModelError as error:
            return _error(400, "invalid_request_error", "model_error", f"{error.message}. {error.remedy}")
        except UnknownModelError as error:
            return _error(404, "invalid_request_error", "model_not_found", f"The model '{error}' does not exist.")
        except BusyError:
            return _error(503, "server_error", "busy", "Too many requests are waiting; try again soon.")

    return guarded


def _error(status: int, kind: str, code: str, message: str) -> Response:
    return JSONResponse({"error": {"message": message, "type": kind, "param": None, "code": code}}, status_code=status)
