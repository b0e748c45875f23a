"""One thread that runs torch, fed by a bounded queue; requests on the same model that arrive together share a batch."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

from workers.inference.generation.decoding import Completion, generate
from workers.inference.generation.models import LoadedModels

WINDOW_SECONDS = 0.003
LARGEST_BATCH = 16
LONGEST_QUEUE = 64


class BusyError(Exception):
    """The queue is full; try again later."""


class PromptTooLongError(Exception):
    """Prompt and answer together exceed what the model can hold."""


@dataclass(frozen=True, eq=False)
class _Generation:
    model: str
    prompt: str
    max_tokens: int
    result: Future[Completion] = field(default_factory=Future)

    @property
    def key(self) -> tuple[str, int]:
        return self.model, self.max_tokens


@dataclass(frozen=True, eq=False)
class _Call:
    function: Callable[[], Any]
    result: Future[Any] = field(default_factory=Future)


class Batcher:
    """`generate` and `call` may be used from any thread; all work is done, in order, by the one thread of `start`."""

    def __init__(self, models: LoadedModels) -> None:
        self.models = models
        self._waiting: queue.Queue[_Generation | _Call | None] = queue.Queue(maxsize=LONGEST_QUEUE)
        self._held: list[_Generation | _Call] = []  # taken from the queue while a batch was gathered, but not of it
        self._thread = threading.Thread(target=self._run, name="torch", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Finish what is waiting, then end the thread."""
        self._waiting.put(None)
        self._thread.join()

    def generate(self, model: str, prompt: str, *, max_tokens: int) -> Future[Completion]:
        """Raises BusyError; the future may raise UnknownModelError."""
        generation = _Generation(model, prompt, max_tokens)
        self._submit(generation)
        return generation.result

    def call(self, function: Callable[[], Any]) -> Future[Any]:
        """Run something that touches the models. Raises BusyError; the future raises what `function` does."""
        call = _Call(function)
        self._submit(call)
        return call.result

    def _submit(self, item: _Generation | _Call) -> None:
        try:
            self._waiting.put_nowait(item)
        except queue.Full:
            raise BusyError from None

    def _run(self) -> None:
        while True:
            item = self._held.pop(0) if self._held else self._waiting.get()
            if item is None:
                return
            if isinstance(item, _Call):
                self._finish_call(item)
            else:
                self._finish_batch(self._gather(item))

    def _gather(self, first: _Generation) -> list[_Generation]:
        """`first` and whatever fits with it, waiting no longer than the window."""
        fitting = [item for item in self._held if isinstance(item, _Generation) and item.key == first.key]
        batch = [first, *fitting[: LARGEST_BATCH - 1]]
        self._held = [item for item in self._held if item not in batch]
        until = time.monotonic() + WINDOW_SECONDS
        while len(batch) < LARGEST_BATCH:
            try:
                item = self._waiting.get(timeout=max(0.0, until - time.monotonic()))
            except queue.Empty:
                break
            if isinstance(item, _Generation) and item.key == first.key:
                batch.append(item)
                continue
            if item is None:
                self._waiting.put(None)
            else:
                self._held.append(item)
            break
        return batch

    def _finish_call(self, call: _Call) -> None:
        if not call.result.set_running_or_notify_cancel():
            return
        try:
            call.result.set_result(call.function())
        except Exception as error:  # noqa: BLE001 - the edge of the thread: the caller gets whatever happened
            call.result.set_exception(error)

    def _finish_batch(self, batch: list[_Generation]) -> None:
        wanted = [item for item in batch if item.result.set_running_or_notify_cancel()]
        try:
            fitting = [item for item in wanted if self._fits(item)]
            if not fitting:
                return
            with self.models.using(fitting[0].model) as model:
                completions = generate(
                    model,
                    self.models.tokenizer(fitting[0].model),
                    [item.prompt for item in fitting],
                    max_new_tokens=fitting[0].max_tokens,
                )
            for item, completion in zip(fitting, completions, strict=True):
                item.result.set_result(completion)
        except Exception as error:  # noqa: BLE001 - the edge of the thread: the callers get whatever happened
            for item in wanted:
                if not item.result.done():
                    item.result.set_exception(error)

    def _fits(self, item: _Generation) -> bool:
        """Whether prompt and answer have room; where not, the caller is told."""
        tokenizer = self.models.tokenizer(item.model)
        length = len(tokenizer(item.prompt, add_special_tokens=False)["input_ids"])
        if length + item.max_tokens <= tokenizer.model_max_length:
            return True
        item.result.set_exception(
            PromptTooLongError(f"{length} tokens and max_tokens={item.max_tokens} do not fit the model")
        )
        return False
