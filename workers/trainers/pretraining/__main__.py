"""Pre-train the small base model from scratch: `python -m workers.trainers.pretraining [FOLDER] [--steps N]`.

Muon (Jordan et al., 2024) for the matrices and AdamW for the rest: in trials of 70 seconds on two cores the loss came
down to 1.4, with AdamW alone to 2.0.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import sys
import time
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

import torch
import transformers
from safetensors.torch import load_file
from torch.nn import functional
from transformers import PreTrainedTokenizerFast, Qwen3Config, Qwen3ForCausalLM

from workers.trainers.pretraining.batches import IGNORED, packed_batches
from workers.trainers.pretraining.recipe import Recipe, Stage
from workers.trainers.pretraining.tokenizer import save_tokenizer, train_tokenizer

DESTINATION = Path(__file__).resolve().parents[3] / "fixtures" / "base_models" / "mozhu-tiny"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m workers.trainers.pretraining", description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=DESTINATION)
    parser.add_argument("--after", type=Path, help="go on from this folder, in which all stages but the last are done")
    arguments = parser.parse_args()
    recipe = Recipe()
    started = time.monotonic()
    tokenizer = train_tokenizer()
    model = build_model(recipe, tokenizer)
    stages = recipe.stages
    if arguments.after:
        model.load_state_dict(load_file(arguments.after / "model.safetensors"), strict=False)
        model.tie_weights()
        stages = recipe.stages[-1:]
    for stage in stages:
        loss = pretrain(model, tokenizer, recipe, stage)
        round_weights(model)
    save(model, tokenizer, recipe, folder=arguments.folder, loss=loss, seconds=time.monotonic() - started)


def build_model(recipe: Recipe, tokenizer: PreTrainedTokenizerFast) -> Qwen3ForCausalLM:
    torch.manual_seed(recipe.seed)
    config = Qwen3Config(
        vocab_size=math.ceil(len(tokenizer) / 64) * 64,
        hidden_size=recipe.hidden_size,
        intermediate_size=recipe.intermediate_size,
        num_hidden_layers=recipe.num_hidden_layers,
        num_attention_heads=recipe.num_attention_heads,
        num_key_value_heads=recipe.num_key_value_heads,
        head_dim=recipe.head_dim,
        max_position_embeddings=recipe.max_position_embeddings,
        rope_parameters={"rope_type": "default", "rope_theta": recipe.rope_theta},
        tie_word_embeddings=True,
        bos_token_id=None,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    # On a CPU with short rows the plain kernel is faster: the fused one has a slow backward pass.
    config._attn_implementation = "eager"
    return Qwen3ForCausalLM(config)


def pretrain(model: Qwen3ForCausalLM, tokenizer: PreTrainedTokenizerFast, recipe: Recipe, stage: Stage) -> float:
    """Train one stage, in place; returns the mean loss of the last 50 steps, in nats per learnt token."""
    optimisers = _optimisers(model, recipe, stage)
    batches = packed_batches(tokenizer, seed=stage.seed, batch_size=recipe.batch_size, length=recipe.length)
    losses: list[float] = []
    started = time.monotonic()
    for step, (tokens, labels) in zip(range(1, stage.steps + 1), batches, strict=False):
        for group in (group for optimiser in optimisers for group in optimiser.param_groups):
            group["lr"] = group["initial_lr"] * _rate(step, recipe, stage)
        loss = _loss(model, tokens, labels)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(model.parameters(), recipe.gradient_clip)
        for optimiser in optimisers:
            optimiser.step()
            optimiser.zero_grad(set_to_none=True)
        losses.append(loss.item())
        if step % 100 == 0 or step == stage.steps:
            speed = step * tokens.numel() / (time.monotonic() - started)
            sys.stdout.write(f"step {step}/{stage.steps} loss {_recent(losses):.4f} tokens/s {speed:.0f}\n")
            sys.stdout.flush()
    return _recent(losses)


def round_weights(model: Qwen3ForCausalLM) -> None:
    """To the precision they are saved in: a stage that begins from a folder begins from the same numbers."""
    for weight in model.parameters():
        weight.data = weight.data.bfloat16().float()


def _optimisers(model: Qwen3ForCausalLM, recipe: Recipe, stage: Stage) -> list[torch.optim.Optimizer]:
    matrices = [weight for weight in model.model.layers.parameters() if weight.ndim == 2]
    chosen = {id(weight) for weight in matrices}
    others = [weight for weight in model.parameters() if id(weight) not in chosen]
    optimisers: list[torch.optim.Optimizer] = [
        torch.optim.Muon(
            matrices, lr=stage.muon_learning_rate, weight_decay=recipe.weight_decay, adjust_lr_fn="match_rms_adamw"
        ),
        torch.optim.AdamW(others, lr=stage.adam_learning_rate, betas=(0.9, 0.95), weight_decay=0.0),
    ]
    for group in (group for optimiser in optimisers for group in optimiser.param_groups):
        group["initial_lr"] = group["lr"]
    return optimisers


def _rate(step: int, recipe: Recipe, stage: Stage) -> float:
    """Fraction of the learning rate: linear warm-up, then a cosine down to `final_fraction`."""
    cosine = 0.5 * (1 + math.cos(math.pi * step / stage.steps))
    return min(1.0, step / recipe.warmup_steps) * (recipe.final_fraction + (1 - recipe.final_fraction) * cosine)


def _loss(model: Qwen3ForCausalLM, tokens: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Mean cross-entropy over the learnt tokens only; the large output layer is computed for them alone."""
    targets = labels[:, 1:]
    learnt = targets != IGNORED
    with torch.autocast("cpu", torch.bfloat16):
        hidden = model.model(input_ids=tokens).last_hidden_state[:, :-1]
        logits = model.lm_head(hidden[learnt])
    return functional.cross_entropy(logits.float(), targets[learnt])


def _recent(losses: list[float]) -> float:
    tail = losses[-50:]
    return sum(tail) / len(tail)


def save(
    model: Qwen3ForCausalLM,
    tokenizer: PreTrainedTokenizerFast,
    recipe: Recipe,
    *,
    folder: Path,
    loss: float,
    seconds: float,
) -> None:
    """Weights as bf16 safetensors, tokenizer, and recipe.json with what was done and the SHA-256 of each file."""
    folder.mkdir(parents=True, exist_ok=True)
    model.bfloat16()
    model.save_pretrained(folder)
    save_tokenizer(tokenizer, folder)
    (folder / "model.safetensors").chmod(0o644)
    record = {
        "recipe": asdict(recipe),
        "parameters": sum(weight.numel() for weight in model.parameters()),
        "vocabulary": len(tokenizer),
        "tokens": sum(stage.steps for stage in recipe.stages) * recipe.batch_size * recipe.length,
        "final_loss": round(loss, 4),
        "seconds": round(seconds),
        "threads": torch.get_num_threads(),
        "versions": {"torch": torch.__version__, "transformers": transformers.__version__},
        "sha256": {name: _sha256(folder / name) for name in _files(folder)},
    }
    (folder / "recipe.json").write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")


def _files(folder: Path) -> Iterable[str]:
    return ("model.safetensors", "tokenizer.json", "config.json")


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


if __name__ == "__main__":
    main()
