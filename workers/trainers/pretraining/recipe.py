"""Every choice of the pre-training in one place; the whole recipe is repeatable from it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Stage:
    """One run of the learning rate up and down; each begins with the bf16 weights of the one before."""

    seed: int  # of the text
    steps: int
    muon_learning_rate: float  # matrices of the layers
    adam_learning_rate: float  # embeddings and norms


@dataclass(frozen=True)
class Recipe:
    seed: int = 20240517  # of the initial weights
    stages: tuple[Stage, ...] = (
        Stage(seed=20240517, steps=3000, muon_learning_rate=4e-3, adam_learning_rate=4e-3),
        Stage(seed=20240518, steps=3000, muon_learning_rate=2.5e-3, adam_learning_rate=2.5e-3),
    )
    batch_size: int = 32  # rows
    length: int = 96  # tokens per row
    weight_decay: float = 0.05  # matrices of the layers
    warmup_steps: int = 80
    final_fraction: float = 0.02  # of the learning rate, at the last step (cosine)
    gradient_clip: float = 1.0
    hidden_size: int = 256
    intermediate_size: int = 640
    num_hidden_layers: int = 4
    num_attention_heads: int = 4
    num_key_value_heads: int = 2
    head_dim: int = 64
    max_position_embeddings: int = 512
    rope_theta: float = 10_000.0
