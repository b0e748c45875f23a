"""The training loop, in this process, on an untrained two-layer model."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from peft import PeftModel
from transformers import PreTrainedTokenizerBase

from tests.workers.tiny import write_spec
from workers.trainers.batches import Encoded, encode
from workers.trainers.configs import DatasetSpec, LoraParameters, validate_parameters
from workers.trainers.errors import BaseModelError, DivergedError
from workers.trainers.examples import make_examples
from workers.trainers.lora import load_model, mean_loss, new_state, optimiser_step, step_batches

CPU = torch.device("cpu")


@pytest.fixture
def model_and_tokenizer(
    tmp_path: Path, tiny_base: Path, dataset: DatasetSpec
) -> tuple[PeftModel, PreTrainedTokenizerBase]:
    torch.manual_seed(0)
    return load_model(write_spec(tmp_path / "job", base=tiny_base, dataset=dataset), device=CPU)


@pytest.fixture
def encoded(model_and_tokenizer: tuple[PeftModel, PreTrainedTokenizerBase], dataset: DatasetSpec) -> list[Encoded]:
    examples = make_examples(dataset, seed=1, train=32, validation=8, evaluation=8).train
    return encode(examples, model_and_tokenizer[1], max_length=128)


def test_steps_bring_the_loss_down(
    model_and_tokenizer: tuple[PeftModel, PreTrainedTokenizerBase], encoded: list[Encoded]
) -> None:
    model, tokenizer = model_and_tokenizer
    before = mean_loss(model, encoded, tokenizer)
    state = new_state(model, validate_parameters({"learning_rate": 0.02, "warmup_ratio": 0}), total_steps=40)
    for _ in range(20):
        optimiser_step(state, [encoded], tokenizer)
    assert state.step == 20
    assert mean_loss(model, encoded, tokenizer) < before - 0.05


def test_only_the_adapter_learns(
    model_and_tokenizer: tuple[PeftModel, PreTrainedTokenizerBase], encoded: list[Encoded]
) -> None:
    model, tokenizer = model_and_tokenizer
    before = {name: weight.clone() for name, weight in model.named_parameters()}
    optimiser_step(new_state(model, validate_parameters({"warmup_ratio": 0}), total_steps=4), [encoded], tokenizer)
    changed = {name for name, weight in model.named_parameters() if not torch.equal(weight, before[name])}
    assert changed
    assert all("lora_" in name for name in changed)


def test_accumulated_pieces_step_like_one_batch(
    tmp_path: Path, tiny_base: Path, dataset: DatasetSpec, encoded: list[Encoded]
) -> None:
    losses = []
    for pieces in ([encoded], [encoded[:20], encoded[20:]]):
        torch.manual_seed(0)
        model, tokenizer = load_model(write_spec(tmp_path / "job", base=tiny_base, dataset=dataset), device=CPU)
        state = new_state(model, validate_parameters({"warmup_ratio": 0}), total_steps=4)
        losses.append(optimiser_step(state, pieces, tokenizer))
    assert losses[0] == pytest.approx(losses[1], rel=0.01)


def test_a_step_takes_as_many_batches_as_are_accumulated() -> None:
    examples = [Encoded([1], [2])] * 10
    parameters = LoraParameters(per_device_train_batch_size=2, gradient_accumulation_steps=2)
    steps = step_batches(examples, parameters, seed=1)
    assert [len(next(steps)) for _ in range(6)] == [2, 2, 1, 2, 2, 1]


def test_a_loss_that_is_no_number_ends_the_job(
    model_and_tokenizer: tuple[PeftModel, PreTrainedTokenizerBase], encoded: list[Encoded]
) -> None:
    model, tokenizer = model_and_tokenizer
    state = new_state(model, LoraParameters(), total_steps=4)
    with torch.no_grad():
        next(weight for weight in model.parameters() if weight.requires_grad).fill_(float("nan"))
    with pytest.raises(DivergedError, match="step 1"):
        optimiser_step(state, [encoded], tokenizer)


def test_a_missing_base_is_refused(tmp_path: Path, dataset: DatasetSpec) -> None:
    spec = write_spec(tmp_path / "job", base=tmp_path / "nowhere", dataset=dataset)
    with pytest.raises(BaseModelError, match="does not exist"):
        load_model(spec, device=CPU)
