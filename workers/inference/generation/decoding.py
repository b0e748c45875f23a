"""Greedy, batched generation: one definition for the engine and for the evaluation after a training."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from transformers import DynamicCache, PreTrainedModel, PreTrainedTokenizerBase

Messages = Sequence[dict[str, str]]


def render_prompt(tokenizer: PreTrainedTokenizerBase, messages: Messages) -> str:
    """The chat template's prompt up to where the model begins to answer; thinking is switched off where a model knows it."""
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
) -> list[str]:
    """The most likely continuation of each prompt, up to its end token; special tokens are left out.

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
    if not written:
        return [""] * len(prompts)
    return [_text(tokenizer, row) for row in torch.stack(written, dim=1).tolist()]


def _text(tokenizer: PreTrainedTokenizerBase, tokens: list[int]) -> str:
    end = tokens.index(tokenizer.eos_token_id) if tokenizer.eos_token_id in tokens else len(tokens)
    return str(tokenizer.decode(tokens[:end], skip_special_tokens=True))
