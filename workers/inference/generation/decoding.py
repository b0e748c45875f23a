"""Greedy, batched generation: one definition for the engine and for the evaluation after a training."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from transformers import DynamicCache, PreTrainedModel, PreTrainedTokenizerBase

Messages = Sequence[dict[str, str]]


@dataclass(frozen=True)
class Completion:
    """`tokens` counts what was written, the end token among it; `is_complete` is False where the limit cut it off."""

    text: str
    prompt_tokens: int
    tokens: int
    is_complete: bool


def render_prompt(tokenizer: PreTrainedTokenizerBase, messages: Messages) -> str:
    """The chat template's prompt, up to where the model begins to answer; without thinking, where a model knows it."""
    prompt = tokenizer.apply_chat_template(
        list(messages), tokenize=False, add_generation_prompt=True, enable_thinking=False
    )
    return str(prompt)


@torch.inference_mode()
def generate(
    model: torch.nn.Module | PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    prompts: Sequence[str],
    *,
    max_new_tokens: int,
) -> list[Completion]:
    """The most likely continuation of each prompt, up to its end token or `max_new_tokens` (at least 1).

    Deterministic, but for the rounding that the batch's composition brings. The loop is our own because the general one
    of the library costs more than a small model's forward pass.
    """
    device = next(model.parameters()).device
    batch = tokenizer(list(prompts), return_tensors="pt", padding=True, add_special_tokens=False).to(device)
    mask = batch["attention_mask"]
    positions = (mask.cumsum(-1) - 1).clamp(min=0)
    tokens = batch["input_ids"]
    cache = DynamicCache()
    done = torch.zeros(len(prompts), dtype=torch.bool, device=device)
    written: list[torch.Tensor] = []
    for _ in range(max_new_tokens):
        logits = model(
            input_ids=tokens, attention_mask=mask, position_ids=positions, past_key_values=cache, use_cache=True,
            logits_to_keep=1,
        ).logits[:, -1]  # fmt: skip
        chosen = logits.argmax(-1).masked_fill(done, tokenizer.pad_token_id)
        written.append(chosen)
        done |= chosen == tokenizer.eos_token_id
        if bool(done.all()):
            break
        tokens = chosen[:, None]
        mask = torch.cat([mask, mask.new_ones(len(prompts), 1)], dim=1)
        positions = positions[:, -1:] + 1
    prompt_tokens = batch["attention_mask"].sum(-1).tolist()
    rows = torch.stack(written, dim=1).tolist()
    return [_completion(tokenizer, row, length) for row, length in zip(rows, prompt_tokens, strict=True)]


def _completion(tokenizer: PreTrainedTokenizerBase, tokens: list[int], prompt_tokens: int) -> Completion:
    is_complete = tokenizer.eos_token_id in tokens
    length = tokens.index(tokenizer.eos_token_id) if is_complete else len(tokens)
    text = str(tokenizer.decode(tokens[:length], skip_special_tokens=True))
    return Completion(text, prompt_tokens, tokens=length + is_complete, is_complete=is_complete)
