from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch

from workers.inference.generation import batching
from workers.inference.generation.batching import LONGEST_QUEUE, Batcher, BusyError, PromptTooLongError
from workers.inference.generation.models import LoadedModels, UnknownModelError


@pytest.fixture
def batcher(adapters_root: Path, tiny_base: Path) -> Iterator[Batcher]:
    models = LoadedModels(adapters_root=adapters_root, device=torch.device("cpu"), base=str(tiny_base))
    batcher = Batcher(models)
    yield batcher
    if batcher._thread.is_alive():
        batcher.stop()


@pytest.fixture
def batch_sizes(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    sizes: list[int] = []
    generate = batching.generate

    def counted(model: Any, tokenizer: Any, prompts: Sequence[str], **options: Any) -> Any:
        sizes.append(len(prompts))
        return generate(model, tokenizer, prompts, **options)

    monkeypatch.setattr(batching, "generate", counted)
    return sizes


def test_requests_that_wait_together_share_a_batch(batcher: Batcher, batch_sizes: list[int]) -> None:
    futures = [batcher.generate("tiny", f"工行{number}", max_tokens=4) for number in range(10)]
    batcher.start()
    assert len([future.result(timeout=60) for future in futures]) == 10
    assert batch_sizes == [10]


def test_requests_on_different_models_do_not_share_a_batch(batcher: Batcher, batch_sizes: list[int]) -> None:
    batcher.models.load_adapter("first", batcher.models.adapters_root / "first")
    futures = [batcher.generate(name, "工行", max_tokens=4) for name in ("tiny", "first", "tiny", "first")]
    batcher.start()
    texts = [future.result(timeout=60).text for future in futures]
    assert texts[0] == texts[2]
    assert texts[1] == texts[3]
    assert texts[0] != texts[1]


def test_a_full_queue_refuses_at_once(batcher: Batcher) -> None:
    for _ in range(LONGEST_QUEUE):
        batcher.generate("tiny", "工行", max_tokens=1)
    with pytest.raises(BusyError):
        batcher.generate("tiny", "工行", max_tokens=1)
    batcher.start()


def test_an_unknown_model_fails_its_own_request_only(batcher: Batcher) -> None:
    good, bad = batcher.generate("tiny", "工行", max_tokens=2), batcher.generate("nobody", "工行", max_tokens=2)
    batcher.start()
    assert good.result(timeout=60).tokens
    with pytest.raises(UnknownModelError):
        bad.result(timeout=60)


def test_a_prompt_that_is_too_long_fails_alone(batcher: Batcher) -> None:
    good, bad = batcher.generate("tiny", "工行", max_tokens=2), batcher.generate("tiny", "工" * 600, max_tokens=2)
    batcher.start()
    assert good.result(timeout=60).tokens
    with pytest.raises(PromptTooLongError):
        bad.result(timeout=60)


def test_a_cancelled_request_is_not_computed(batcher: Batcher, batch_sizes: list[int]) -> None:
    cancelled, kept = (batcher.generate("tiny", "工行", max_tokens=2) for _ in range(2))
    cancelled.cancel()
    batcher.start()
    kept.result(timeout=60)
    assert batch_sizes == [1]


def test_calls_run_on_the_thread_of_the_models(batcher: Batcher) -> None:
    batcher.start()
    assert batcher.call(lambda: threading.current_thread().name).result(timeout=60) == "torch"
