"""LoRA fine-tuning of a chat model to parse questions into slots: one loop, to be read from top to bottom.

What an optimiser step changes is held by `LoopState` alone; the batches follow from (seed, epoch, position). A
checkpoint needs no more.
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import count, islice
from typing import Any

import peft
import torch
import transformers
from peft import LoraConfig, PeftModel, get_peft_model
from torch.nn import functional
from transformers import PreTrainedTokenizerBase, get_cosine_schedule_with_warmup

from workers.inference.generation.loading import ModelError, choose_device, load_base, load_tokenizer
from workers.trainers.batches import IGNORED, Encoded, collate, count_answer_tokens, encode, epoch_batches, grouped
from workers.trainers.configs import LoraParameters, TrainingSpec
from workers.trainers.errors import BaseModelError, DatasetError, DivergedError, MemoryShortError
from workers.trainers.evaluation import answer_all, score, show
from workers.trainers.examples import ExampleSets, make_examples
from workers.trainers.job import Job
from workers.trainers.messages import EXAMPLES_TOO_LONG, SCORING_BASE, SCORING_TUNED
from workers.trainers.results import save_results

VALIDATION_EXAMPLES = 128
VALIDATIONS = 8  # over the whole run
SECONDS_BETWEEN_EVENTS = 0.25


@dataclass
class LoopState:
    """All that an optimiser step changes."""

    model: PeftModel
    optimiser: torch.optim.Optimizer
    schedule: torch.optim.lr_scheduler.LambdaLR
    step: int = 0


def train(spec: TrainingSpec, job: Job) -> None:
    """The whole job: load, make examples, score the base, train, score again, save. Raises TrainerError or Stopped."""
    started = time.monotonic()
    torch.manual_seed(spec.seed)
    device = choose_device()
    model, tokenizer = load_model(spec, device=device)
    announce(model, spec, job, device=device)
    examples = prepare_examples(spec, job)
    job.log(SCORING_BASE)
    with model.disable_adapter():
        base_answers = answer_all(model, tokenizer, examples.evaluation, between_batches=job.check)
    run_steps(model, tokenizer, examples, spec, job)
    job.log(SCORING_TUNED)
    tuned_answers = answer_all(model, tokenizer, examples.evaluation, between_batches=job.check)
    evaluation = {
        "count": len(examples.evaluation),
        "base": asdict(score(examples.evaluation, base_answers)),
        "tuned": asdict(score(examples.evaluation, tuned_answers)),
    }
    job.emit("evaluation", **evaluation, examples=show(examples.evaluation, base=base_answers, tuned=tuned_answers))
    seconds = round(time.monotonic() - started, 1)
    digest = save_results(model, spec, evaluation, folder=job.output, seconds=seconds)
    adapter = str((job.output / "adapter").resolve())
    job.emit("finished", adapter_dir=adapter, adapter_sha256=digest, seconds=seconds, metrics=evaluation)


def load_model(spec: TrainingSpec, *, device: torch.device) -> tuple[PeftModel, PreTrainedTokenizerBase]:
    """The base with a fresh adapter on it. Raises BaseModelError."""
    parameters = spec.parameters
    config = LoraConfig(
        r=parameters.r,
        lora_alpha=parameters.lora_alpha,
        lora_dropout=parameters.lora_dropout,
        target_modules=list(parameters.target_modules),
        task_type="CAUSAL_LM",
    )
    try:
        tokenizer = load_tokenizer(spec.base_model)
        model = get_peft_model(load_base(spec.base_model, device=device), config)
    except ModelError as error:
        raise BaseModelError(error.message, remedy=error.remedy) from error
    except ValueError as error:  # peft: the base has none of the target modules
        raise BaseModelError(str(error), remedy="Choose other adapted layers, or another base model.") from error
    return model, tokenizer


def announce(model: PeftModel, spec: TrainingSpec, job: Job, *, device: torch.device) -> None:
    trainable = sum(weight.numel() for weight in model.parameters() if weight.requires_grad)
    versions = {"torch": torch.__version__, "transformers": transformers.__version__, "peft": peft.__version__}
    job.emit(
        "started",
        device=str(device),
        versions=versions,
        base_model=spec.base_model,
        trainable_parameters=trainable,
        pid=os.getpid(),
    )


def prepare_examples(spec: TrainingSpec, job: Job) -> ExampleSets:
    parameters = spec.parameters
    examples = make_examples(
        spec.dataset,
        seed=spec.seed,
        train=parameters.train_examples,
        validation=VALIDATION_EXAMPLES,
        evaluation=parameters.evaluation_examples,
    )
    job.emit(
        "examples",
        train=len(examples.train),
        validation=len(examples.validation),
        wordings_train=examples.wordings_train,
        wordings_held_out=examples.wordings_held_out,
        skipped_rows=examples.skipped_rows,
    )
    return examples


def run_steps(
    model: PeftModel, tokenizer: PreTrainedTokenizerBase, examples: ExampleSets, spec: TrainingSpec, job: Job
) -> None:
    """All optimiser steps, with progress and validation events between them."""
    parameters = spec.parameters
    train_set = _encode(examples.train, tokenizer, parameters, job)
    validation_set = _encode(examples.validation, tokenizer, parameters, job)
    steps_per_epoch = math.ceil(len(train_set) / _effective_batch(parameters))
    total_steps = max(1, round(steps_per_epoch * parameters.num_train_epochs))
    state = new_state(model, parameters, total_steps=total_steps)
    reporter = Reporter(job, parameters=parameters, total_steps=total_steps, steps_per_epoch=steps_per_epoch)
    every = max(1, total_steps // VALIDATIONS)
    for pieces in islice(step_batches(train_set, parameters, seed=spec.seed), state.step, total_steps):
        job.check()
        loss, norm = optimiser_step(state, pieces, tokenizer)
        job.step = state.step
        reporter.after_step(
            state, loss=loss, norm=norm, tokens=sum(len(example) for piece in pieces for example in piece)
        )
        if state.step % every == 0 or state.step == total_steps:
            job.emit("validation", step=state.step, loss=round(mean_loss(model, validation_set, tokenizer), 5))


def _encode(
    examples: Sequence[Any], tokenizer: PreTrainedTokenizerBase, parameters: LoraParameters, job: Job
) -> list[Encoded]:
    encoded = encode(examples, tokenizer, max_length=parameters.max_length)
    if left_out := len(examples) - len(encoded):
        job.log(EXAMPLES_TOO_LONG, level="warning", count=left_out, limit=parameters.max_length)
    if not encoded:
        raise DatasetError("every example is longer than max_length", remedy="Raise the longest example length.")
    return encoded


def _effective_batch(parameters: LoraParameters) -> int:
    return parameters.per_device_train_batch_size * parameters.gradient_accumulation_steps


def step_batches(
    examples: Sequence[Encoded], parameters: LoraParameters, *, seed: int
) -> Iterator[list[list[Encoded]]]:
    """For each optimiser step, without end, the batches whose gradients it accumulates."""
    for epoch in count():
        batches = epoch_batches(examples, batch_size=parameters.per_device_train_batch_size, seed=seed, epoch=epoch)
        yield from grouped(batches, parameters.gradient_accumulation_steps)


def new_state(model: PeftModel, parameters: LoraParameters, *, total_steps: int) -> LoopState:
    trainable = [weight for weight in model.parameters() if weight.requires_grad]
    optimiser = torch.optim.AdamW(trainable, lr=parameters.learning_rate, weight_decay=0.0)
    warmup = round(total_steps * parameters.warmup_ratio)
    return LoopState(model, optimiser, get_cosine_schedule_with_warmup(optimiser, warmup, total_steps))


def optimiser_step(
    state: LoopState, pieces: Sequence[Sequence[Encoded]], tokenizer: PreTrainedTokenizerBase
) -> tuple[float, float]:
    """One step over `pieces`: (mean loss per answer token, gradient norm). Raises DivergedError, MemoryShortError."""
    state.model.train()
    answers = sum(count_answer_tokens(piece) for piece in pieces)
    total = 0.0
    try:
        for piece in pieces:
            loss = summed_loss(state.model, piece, tokenizer) / answers
            loss.backward()  # type: ignore[no-untyped-call]
            total += loss.item()
    except (torch.OutOfMemoryError, MemoryError) as error:
        raise MemoryShortError("memory ran out", remedy="Lower the batch size, or raise the accumulation.") from error
    norm = torch.nn.utils.clip_grad_norm_(state.model.parameters(), 1.0).item()
    if not (math.isfinite(total) and math.isfinite(norm)):
        raise DivergedError(
            f"the loss is no longer a number at step {state.step + 1}",
            remedy="Lower the learning rate, or raise the warm-up.",
        )
    state.optimiser.step()
    state.optimiser.zero_grad(set_to_none=True)
    state.schedule.step()
    state.step += 1
    return total, norm


def summed_loss(model: PeftModel, examples: Sequence[Encoded], tokenizer: PreTrainedTokenizerBase) -> torch.Tensor:
    """Cross-entropy summed over the answer tokens (nats)."""
    device = next(model.parameters()).device
    batch = collate(examples, pad_token=int(tokenizer.pad_token_id), device=device)
    with torch.autocast(device.type, torch.bfloat16, enabled=_has_fast_bfloat16(device)):
        logits = model(
            input_ids=batch.tokens,
            attention_mask=batch.mask,
            position_ids=batch.positions,
            logits_to_keep=batch.tail + 1,
            use_cache=False,
        ).logits[:, :-1]
    targets = batch.labels[:, -batch.tail :]
    learnt = targets != IGNORED
    return functional.cross_entropy(logits[learnt].float(), targets[learnt], reduction="sum")


def _has_fast_bfloat16(device: torch.device) -> bool:
    return device.type != "cpu" or bool(torch.cpu.get_capabilities().get("avx512_bf16", False))


@torch.inference_mode()
def mean_loss(model: PeftModel, examples: Sequence[Encoded], tokenizer: PreTrainedTokenizerBase) -> float:
    """Mean loss per answer token (nats)."""
    model.eval()
    total = sum(summed_loss(model, piece, tokenizer).item() for piece in grouped(examples, 32))
    return total / count_answer_tokens(examples)


class Reporter:
    """Turns steps into progress events: at most four a second, each with the mean loss since the one before."""

    def __init__(self, job: Job, *, parameters: LoraParameters, total_steps: int, steps_per_epoch: int) -> None:
        self.job = job
        self.total_steps = total_steps
        self.steps_per_epoch = steps_per_epoch
        self.started = time.monotonic()
        self.last_event = 0.0
        self.tokens = 0
        self.losses: list[float] = []

    def after_step(self, state: LoopState, *, loss: float, norm: float, tokens: int) -> None:
        self.tokens += tokens
        self.losses.append(loss)
        now = time.monotonic()
        if now - self.last_event < SECONDS_BETWEEN_EVENTS and state.step < self.total_steps:
            return
        elapsed = now - self.started
        self.job.emit(
            "progress",
            step=state.step,
            total_steps=self.total_steps,
            epoch=round(state.step / self.steps_per_epoch, 3),
            loss=round(sum(self.losses) / len(self.losses), 5),
            learning_rate=state.schedule.get_last_lr()[0],
            grad_norm=round(norm, 5),
            tokens_per_second=round(self.tokens / elapsed),
            eta_seconds=round(elapsed / state.step * (self.total_steps - state.step), 1),
        )
        self.last_event = now
        self.losses.clear()
