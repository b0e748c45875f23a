from __future__ import annotations

from pathlib import Path

import torch

from workers.inference.generation.decoding import generate, render_prompt
from workers.inference.generation.loading import load_base, load_tokenizer

CPU = torch.device("cpu")
QUESTIONS = ("工行行号", "请问中国邮政储蓄银行丹江口市六里坪支行的联行号是多少？", "你好")


def test_generation_says_what_the_library_says(tiny_base: Path) -> None:
    tokenizer, model = load_tokenizer(str(tiny_base)), load_base(str(tiny_base), device=CPU)
    for question in QUESTIONS:
        prompt = render_prompt(tokenizer, [{"role": "user", "content": question}])
        (ours,) = generate(model, tokenizer, [prompt], max_new_tokens=12)
        inputs = tokenizer(prompt, return_tensors="pt", add_special_tokens=False)
        theirs = model.generate(**inputs, max_new_tokens=12, do_sample=False)[0, inputs["input_ids"].shape[1] :]
        assert ours.text == tokenizer.decode(theirs, skip_special_tokens=True)


def test_a_batch_says_what_each_prompt_says_alone(tiny_base: Path) -> None:
    tokenizer, model = load_tokenizer(str(tiny_base)), load_base(str(tiny_base), device=CPU)
    prompts = [render_prompt(tokenizer, [{"role": "user", "content": question}]) for question in QUESTIONS]
    alone = [generate(model, tokenizer, [prompt], max_new_tokens=12)[0] for prompt in prompts]
    assert generate(model, tokenizer, prompts, max_new_tokens=12) == alone


def test_what_is_cut_off_says_so(tiny_base: Path) -> None:
    tokenizer, model = load_tokenizer(str(tiny_base)), load_base(str(tiny_base), device=CPU)
    (completion,) = generate(model, tokenizer, ["工行"], max_new_tokens=1)
    assert (completion.tokens, completion.prompt_tokens) == (1, 2)
    assert completion.is_complete == (completion.text == "")


def test_the_end_token_ends_the_answer(tiny_base: Path) -> None:
    tokenizer, model = load_tokenizer(str(tiny_base)), load_base(str(tiny_base), device=CPU)
    (free,) = generate(model, tokenizer, ["工行"], max_new_tokens=3)
    first = tokenizer(free.text, add_special_tokens=False)["input_ids"][0]
    tokenizer.eos_token = tokenizer.convert_ids_to_tokens(first)
    (ended,) = generate(model, tokenizer, ["工行"], max_new_tokens=3)
    assert ended.is_complete
    assert (ended.text, ended.tokens) == ("", 1)
