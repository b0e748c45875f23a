"""Examples as tokens, and the order in which an epoch goes through them."""

from __future__ import annotations

import math
import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar

import torch
from transformers import PreTrainedTokenizerBase

from workers.inference.generation.decoding import render_prompt
from workers.inference.lookup.parsing import build_messages, format_slots
from workers.trainers.examples import Example

Item = TypeVar("Item")
IGNORED = -100  # the label that cross-entropy leaves out
# Few different shapes: on a CPU, each new one leaves some megabytes in the libraries' caches.
_LENGTH_STEP = 16
_TAIL_STEP = 8
_POOL = 16  # batches sorted by length together, so that little is padded


@dataclass(frozen=True)
class Encoded:
    """Token ids of prompt and answer; only the answer, with its end token, is learnt."""

    prompt: list[int]
    answer: list[int]

    def __len__(self) -> int:
        return len(self.prompt) + len(self.answer)


def encode(examples: Sequence[Example], tokenizer: PreTrainedTokenizerBase, *, max_length: int) -> list[Encoded]:
    """The examples that fit into `max_length` tokens."""
    prompts = [render_prompt(tokenizer, build_messages(example.question)) for example in examples]
    answers = [format_slots(example.slots) + str(tokenizer.eos_token) for example in examples]
    read, learnt = (tokenizer(texts, add_special_tokens=False)["input_ids"] for texts in (prompts, answers))
    encoded = [Encoded(prompt, answer) for prompt, answer in zip(read, learnt, strict=True)]
    return [example for example in encoded if len(example) <= max_length]


def epoch_batches(examples: Sequence[Encoded], *, batch_size: int, seed: int, epoch: int) -> Iterator[list[Encoded]]:
    """All examples once, in an order that (seed, epoch) fixes; examples of like length share a batch."""
    rng = random.Random(f"{seed} epoch {epoch}")
    order = rng.sample(range(len(examples)), k=len(examples))
    batches = []
    for start in range(0, len(order), batch_size * _POOL):
        pool = sorted(order[start : start + batch_size * _POOL], key=lambda index: len(examples[index]))
        batches += [pool[offset : offset + batch_size] for offset in range(0, len(pool), batch_size)]
    rng.shuffle(batches)
    for batch in batches:
        yield [examples[index] for index in batch]


def grouped(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    """`items` in lists of `size`; the last may be shorter."""
    iterator = iter(items)
    while group := list(islice(iterator, size)):
        yield group


@dataclass(frozen=True)
class Batch:
    """int64 tensors of shape [examples, length], padded on the left; labels are IGNORED but in the answers.

    All answers lie in the last `tail` columns: the model need not compute its large output layer for the others.
    """

    tokens: torch.Tensor
    mask: torch.Tensor
    positions: torch.Tensor
    labels: torch.Tensor
    tail: int


def collate(examples: Sequence[Encoded], *, pad_token: int, device: torch.device) -> Batch:
    length = _round_up(max(map(len, examples)), _LENGTH_STEP)
    tokens, mask, labels = [], [], []
    for example in examples:
        padding = length - len(example)
        tokens.append([pad_token] * padding + example.prompt + example.answer)
        mask.append([0] * padding + [1] * len(example))
        labels.append([IGNORED] * (padding + len(example.prompt)) + example.answer)
    seen = torch.tensor(mask, device=device)
    return Batch(
        tokens=torch.tensor(tokens, device=device),
        mask=seen,
        positions=(seen.cumsum(-1) - 1).clamp(min=0),
        labels=torch.tensor(labels, device=device),
        tail=min(length - 1, _round_up(max(len(example.answer) for example in examples), _TAIL_STEP)),
    )


def _round_up(number: int, step: int) -> int:
    return math.ceil(number / step) * step


def count_answer_tokens(examples: Sequence[Encoded]) -> int:
    return sum(len(example.answer) for example in examples)
