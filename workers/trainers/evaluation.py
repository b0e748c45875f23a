"""How well a model fills the slots of questions it has never seen, on rows and in wordings that were held out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from transformers import PreTrainedTokenizerBase

from workers.inference.generation.decoding import generate, render_prompt
from workers.inference.lookup.parsing import build_messages, format_slots, parse_slots
from workers.trainers.examples import Example

_BATCH = 64
_ROOM = 24  # tokens more than the longest right answer: a rambling model is wrong anyway


@dataclass(frozen=True)
class Score:
    """Shares of the examples, from 0 to 1. An answer is valid when `parse_slots` takes it."""

    slot_exact_match: float
    valid_json: float
    field_match: float
    bank_match: float
    place_match: float
    branch_match: float


def answer_all(
    model: torch.nn.Module,
    tokenizer: PreTrainedTokenizerBase,
    examples: Sequence[Example],
    *,
    between_batches: Callable[[], None],
) -> list[str]:
    """What the model says to each question (greedy)."""
    longest = max(len(tokenizer(format_slots(example.slots))["input_ids"]) for example in examples)
    answers: list[str] = []
    for start in range(0, len(examples), _BATCH):
        between_batches()
        prompts = [
            render_prompt(tokenizer, build_messages(example.question)) for example in examples[start : start + _BATCH]
        ]
        written = generate(model, tokenizer, prompts, max_new_tokens=longest + _ROOM)
        answers += [completion.text for completion in written]
    return answers


def score(examples: Sequence[Example], answers: Sequence[str]) -> Score:
    """Compare answers with the slots expected, example by example."""
    pairs = [
        (example.slots, parse_slots(answer, question=example.question))
        for example, answer in zip(examples, answers, strict=True)
    ]
    return Score(
        slot_exact_match=_share([expected == found for expected, found in pairs]),
        valid_json=_share([found is not None for _, found in pairs]),
        field_match=_share([found is not None and expected.field == found.field for expected, found in pairs]),
        bank_match=_share([found is not None and expected.bank == found.bank for expected, found in pairs]),
        place_match=_share([found is not None and expected.place == found.place for expected, found in pairs]),
        branch_match=_share([found is not None and expected.branch == found.branch for expected, found in pairs]),
    )


def _share(hits: Sequence[bool]) -> float:
    return sum(hits) / len(hits)


def show(
    examples: Sequence[Example], *, base: Sequence[str], tuned: Sequence[str], wrong: int = 8, right: int = 4
) -> list[dict[str, str]]:
    """Examples for the report: first what the tuned model got wrong, then some that it got right."""
    shown = [
        {"question": example.question, "expected": format_slots(example.slots), "base": before, "tuned": after}
        for example, before, after in zip(examples, base, tuned, strict=True)
    ]
    failures = [entry for entry in shown if entry["tuned"] != entry["expected"]]
    successes = [entry for entry in shown if entry["tuned"] == entry["expected"]]
    return failures[:wrong] + successes[:right]
