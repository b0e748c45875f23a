from __future__ import annotations

from pathlib import Path

import pytest
import torch
from transformers import PreTrainedTokenizerBase

from workers.inference.generation.loading import load_tokenizer
from workers.inference.lookup.parsing import Slots, format_slots
from workers.trainers.batches import IGNORED, Encoded, collate, encode, epoch_batches
from workers.trainers.examples import Example

EXAMPLE = Example("工行丹江口六里坪支行行号", Slots("code", "工行", "丹江口", "六里坪支行"))
MANY = [Encoded([number] * (3 + number % 7), [99]) for number in range(1, 51)]


@pytest.fixture
def tokenizer(tiny_base: Path) -> PreTrainedTokenizerBase:
    return load_tokenizer(str(tiny_base))


def test_an_example_ends_with_its_answer_and_the_end_token(tokenizer: PreTrainedTokenizerBase) -> None:
    (encoded,) = encode([EXAMPLE], tokenizer, max_length=200)
    assert tokenizer.decode(encoded.answer) == format_slots(EXAMPLE.slots) + "<|im_end|>"
    assert tokenizer.decode(encoded.prompt).endswith("assistant\n")


def test_longer_examples_are_left_out(tokenizer: PreTrainedTokenizerBase) -> None:
    assert encode([EXAMPLE], tokenizer, max_length=40) == []


def test_an_epoch_holds_every_example_once() -> None:
    seen = [example for batch in epoch_batches(MANY, batch_size=8, seed=1, epoch=0) for example in batch]
    assert sorted(example.prompt for example in seen) == sorted(example.prompt for example in MANY)


def test_the_order_follows_from_seed_and_epoch() -> None:
    def order(seed: int, epoch: int) -> list[list[Encoded]]:
        return list(epoch_batches(MANY, batch_size=8, seed=seed, epoch=epoch))

    assert order(1, 0) == order(1, 0)
    assert order(1, 0) != order(1, 1)
    assert order(1, 0) != order(2, 0)


def test_only_answers_are_learnt_and_all_end_in_the_last_column() -> None:
    batch = collate([Encoded([5, 6, 7], [8, 9]), Encoded([5], [8])], pad_token=0, device=torch.device("cpu"))
    assert batch.tokens.tolist() == [[0] * 11 + [5, 6, 7, 8, 9], [0] * 14 + [5, 8]]
    assert batch.mask.tolist() == [[0] * 11 + [1] * 5, [0] * 14 + [1] * 2]
    assert batch.positions.tolist()[1][-2:] == [0, 1]
    assert batch.labels.tolist() == [[IGNORED] * 14 + [8, 9], [IGNORED] * 15 + [8]]
    assert batch.tail == 8


def test_lengths_come_in_few_sizes() -> None:
    examples = [Encoded([1] * length, [2]) for length in range(1, 60)]
    shapes = {collate([example], pad_token=0, device=torch.device("cpu")).tokens.shape for example in examples}
    assert shapes == {(1, 16), (1, 32), (1, 48), (1, 64)}
