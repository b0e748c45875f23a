from __future__ import annotations

import json
import random
from dataclasses import asdict
from itertools import islice
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from transformers import AutoConfig, AutoTokenizer

from tests.workers.tiny import SHIPPED_BASE
from workers.inference.generation.decoding import generate
from workers.inference.generation.loading import load_base, load_tokenizer
from workers.inference.lookup.parsing import SYSTEM_PROMPT
from workers.trainers.places import load_places
from workers.trainers.pretraining.__main__ import build_model, pretrain
from workers.trainers.pretraining.batches import IGNORED, packed_batches
from workers.trainers.pretraining.names import make_branch
from workers.trainers.pretraining.recipe import Recipe, Stage
from workers.trainers.pretraining.text import documents
from workers.trainers.pretraining.tokenizer import train_tokenizer

LETTERS = list("甲乙丙丁")


def test_the_text_follows_from_the_seed() -> None:
    assert list(islice(documents(1, LETTERS), 200)) == list(islice(documents(1, LETTERS), 200))
    assert list(islice(documents(1, LETTERS), 200)) != list(islice(documents(2, LETTERS), 200))


def test_the_fine_tuning_task_is_not_in_the_text() -> None:
    for document in islice(documents(1, LETTERS), 5000):
        text = document.prompt + document.answer
        assert SYSTEM_PROMPT not in text
        assert "{" not in text
        assert "JSON" not in text


def test_made_up_branches_are_varied() -> None:
    rng = random.Random(1)
    assert len({make_branch(rng).full for _ in range(500)}) > 480


def test_the_tokenizer_is_the_same_at_every_run(tmp_path: Path) -> None:
    files = []
    for name in ("first", "second"):
        train_tokenizer().save_pretrained(tmp_path / name)
        files.append((tmp_path / name / "tokenizer.json").read_bytes())
    assert files[0] == files[1]


def test_every_character_of_a_place_is_one_token() -> None:
    tokenizer = train_tokenizer()
    for place in load_places():
        assert len(tokenizer(place.county)["input_ids"]) == len(place.county)


@pytest.mark.parametrize("text", ["𠮷野家 naïve 😀", '{"field":"code","bank":""}', "ＡＢＣ　１２３", "\n\t "])
def test_any_text_survives_the_tokenizer(text: str) -> None:
    tokenizer = train_tokenizer()
    assert tokenizer.decode(tokenizer(text)["input_ids"]) == text


def test_packed_rows_have_the_length_asked_for_and_learn_answers_only() -> None:
    tokens, labels = next(packed_batches(train_tokenizer(), seed=1, batch_size=4, length=96))
    assert tokens.shape == labels.shape == (4, 96)
    learnt = labels != IGNORED
    assert torch.equal(tokens[learnt], labels[learnt])
    assert 0 < learnt.float().mean() < 1


def test_pretraining_repeats_itself() -> None:
    recipe = Recipe(
         batch_size=4, length=48, hidden_size=32, intermediate_size=64, num_hidden_layers=2,
        num_attention_heads=2, num_key_value_heads=1, head_dim=16,
    )  # fmt: skip
    tokenizer = train_tokenizer()
    stage = Stage(seed=1, steps=3, muon_learning_rate=1e-3, adam_learning_rate=1e-3)
    losses = [pretrain(build_model(recipe, tokenizer), tokenizer, recipe, stage) for _ in range(2)]
    assert losses[0] == losses[1]


def test_the_shipped_base_is_small_bf16_and_described() -> None:
    assert sum(path.stat().st_size for path in SHIPPED_BASE.iterdir()) <= 12 * 2**20
    weights = load_file(SHIPPED_BASE / "model.safetensors")
    assert {weight.dtype for weight in weights.values()} == {torch.bfloat16}
    assert AutoConfig.from_pretrained(SHIPPED_BASE).model_type == "qwen3"
    record = json.loads((SHIPPED_BASE / "recipe.json").read_text())
    assert 3e6 <= record["parameters"] <= 5e6
    assert "cannot" in (SHIPPED_BASE / "README.md").read_text(encoding="utf-8")


def test_the_shipped_tokenizer_is_the_one_of_the_recipe() -> None:
    shipped = AutoTokenizer.from_pretrained(SHIPPED_BASE)
    assert shipped.get_vocab() == train_tokenizer().get_vocab()


def test_the_shipped_base_was_made_by_the_recipe_as_it_stands() -> None:
    record = json.loads((SHIPPED_BASE / "recipe.json").read_text())
    assert record["recipe"] == json.loads(json.dumps(asdict(Recipe())))


def test_the_shipped_base_copies_names_it_has_never_seen() -> None:
    tokenizer = load_tokenizer(str(SHIPPED_BASE))
    model = load_base(str(SHIPPED_BASE), device=torch.device("cpu"))
    texts = ["丹江口六里坪", "鑫磊街第三支行", "罗布泊镇分理处", "浉河港营业所"]
    prompts = [f"<|im_start|>user\n重复\n{text}<|im_end|>\n<|im_start|>assistant\n" for text in texts]
    written = [completion.text for completion in generate(model, tokenizer, prompts, max_new_tokens=20)]
    assert sum(text == answer for text, answer in zip(texts, written, strict=True)) >= 3
