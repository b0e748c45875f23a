"""Generated pre-training text: sentences of the trade, and tasks of copying, restating and extracting.

The tasks teach to copy rare names and to tell bank, place and branch apart, in many formats that the instruction names.
The JSON slots of the fine-tuning task are not among them: what the base cannot do is left for the tuning to show.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

from workers.trainers.banks import NATIONAL_BANKS
from workers.trainers.places import load_places, short_place
from workers.trainers.pretraining.names import Branch, make_branch
from workers.trainers.pretraining.phrases import ASKED, BODIES, CLOSINGS, OPENINGS, SENTENCES, TALK


@dataclass(frozen=True)
class Document:
    """`prompt` is read, `answer` is learnt; plain text is an answer without a prompt."""

    prompt: str
    answer: str


def documents(seed: int, alphabet: list[str]) -> Iterator[Document]:
    """An endless, repeatable stream; `alphabet` holds the pieces (mostly single characters) to be copied at random."""
    rng = random.Random(seed)
    kinds = (_listing, _listing, _listing, _listing, _one_answer, _split, _knowledge, _sentence, _talk, _restate, _name)
    while True:
        if rng.random() < 0.16:
            yield _random_copy(rng, alphabet)
        else:
            yield rng.choice(kinds)(rng)


def chat(user: str, answer: str, system: str = "") -> Document:
    head = f"<|im_start|>system\n{system}<|im_end|>\n" if system else ""
    return Document(f"{head}<|im_start|>user\n{user}<|im_end|>\n<|im_start|>assistant\n", f"{answer}<|im_end|>")


@dataclass(frozen=True)
class Question:
    text: str
    asked: str
    branch: Branch


def make_question(rng: random.Random) -> Question:
    branch = make_branch(rng)
    asked = rng.choice(tuple(ASKED))
    fitting = [body for body in BODIES if _fits(body, branch)]
    body = rng.choice(fitting).format(bank=branch.bank, place=branch.place, branch=branch.branch)
    phrase = rng.choice(ASKED[asked])
    core = rng.choice(
        (f"{body}的{phrase}", f"{body}{phrase}", f"{phrase}，{body}", f"{body}，{phrase}", f"查{phrase}：{body}")
    )
    text = rng.choice(OPENINGS) + core + rng.choice(CLOSINGS)
    return Question(_disturb(text, branch, rng), asked, branch)


def _fits(body: str, branch: Branch) -> bool:
    return ("{place}" in body) == bool(branch.place) and ("{branch}" in body) == bool(branch.branch)


def _disturb(text: str, branch: Branch, rng: random.Random) -> str:
    """Punctuation and spaces as people type them; never inside a name."""
    if rng.random() < 0.2:
        text = text.replace("，", rng.choice((" ", "", ",", "、")))
    if rng.random() < 0.15 and branch.branch:
        text = text.replace(branch.branch, f" {branch.branch} ")
    return text


_LABELS = {
    "asked": ("要查", "问的是", "想知道", "需求", "asked"),
    "bank": ("银行", "哪家银行", "行名", "开户行", "bank"),
    "place": ("地点", "地区", "哪里", "所在地", "place"),
    "branch": ("网点", "支行", "哪个网点", "机构", "branch"),
}


def _values(question: Question) -> dict[str, str]:
    branch = question.branch
    return {"asked": question.asked, "bank": branch.bank, "place": branch.place, "branch": branch.branch}


def _listing(rng: random.Random) -> Document:
    """Several parts of a question, in the order, with the labels and in the format that the instruction names."""
    question = make_question(rng)
    values = _values(question)
    keys = rng.sample(sorted(values), k=rng.choice((2, 3, 4, 4)))
    labels = {key: rng.choice(_LABELS[key]) for key in keys}
    empty = rng.choice(("无", "-", "", "没有"))
    shown = {labels[key]: values[key] or empty for key in keys}
    style, answer = rng.choice((
        ("逐行写", "\n".join(f"{label}：{value}" for label, value in shown.items())),
        ("用竖线分开", "|".join(shown.values())),
        ("用分号分开", "；".join(f"{label}={value}" for label, value in shown.items())),
        ("加引号", "，".join(f"{label}“{value}”" for label, value in shown.items())),
        ("写成标签", "".join(f"<{label}>{value}</{label}>" for label, value in shown.items())),
        ("列表", "\n".join(f"- {label}: {value}" for label, value in shown.items())),
    ))  # fmt: skip
    instruction = f"{'、'.join(shown)}，{style}，空写{empty}" if empty else f"{'、'.join(shown)}，{style}"
    return _instructed(rng, instruction, question.text, answer)


def _instructed(rng: random.Random, instruction: str, text: str, answer: str) -> Document:
    if rng.random() < 0.7:
        return chat(text, answer, system=instruction)
    return chat(f"{text}\n{instruction}" if rng.random() < 0.5 else f"{instruction}\n{text}", answer)


def _one_answer(rng: random.Random) -> Document:
    question = make_question(rng)
    key, value = rng.choice(sorted(_values(question).items()))
    return _instructed(rng, rng.choice(_LABELS[key]), question.text, value or "没有说")


def _split(rng: random.Random) -> Document:
    """A full name taken apart, or put together from its parts."""
    branch = make_branch(rng)
    parts = "/".join(part for part in (branch.bank, branch.place, branch.branch) if part)
    joined = branch.bank + branch.place + branch.branch
    if rng.random() < 0.6:
        return _instructed(rng, "拆开", joined, parts)
    return _instructed(rng, "合并", parts, joined)


def _knowledge(rng: random.Random) -> Document:
    if rng.random() < 0.3:
        full, short = rng.choice(tuple(NATIONAL_BANKS.items()))
        return rng.choice((chat(f"{rng.choice(short)}的全称", full), chat(f"{full}简称", "、".join(short))))
    place = rng.choice(load_places())
    outer = place.province if place.province == place.city else place.province + place.city
    name = rng.choice((place.county, short_place(place.county)))
    return rng.choice((
        chat(f"{name}属于哪里", outer),
        Document("", f"{name}属于{outer}。"),
        chat(f"{name}是地名吗", "是"),
    ))  # fmt: skip


def _sentence(rng: random.Random) -> Document:
    """A business sentence that names a full branch; alone, or asked for that name."""
    branch = make_branch(rng)
    text = rng.choice(SENTENCES).format(full=branch.full, short=branch.bank + branch.place + branch.branch)
    if rng.random() < 0.3:
        return Document("", text)
    name = branch.full if branch.full in text else branch.bank + branch.place + branch.branch
    return _instructed(rng, rng.choice(("开户行", "摘出行名", "网点全称")), text, name)


def _talk(rng: random.Random) -> Document:
    question, answer = rng.choice(TALK)
    return chat(question, answer)


def _restate(rng: random.Random) -> Document:
    question = make_question(rng)
    branch = question.branch
    name = branch.bank + branch.place + branch.branch
    if rng.random() < 0.5:
        return _instructed(rng, "重复", question.text, question.text)
    return _instructed(rng, "改写", question.text, f"您要查{name}的{question.asked}，对吗？")


def _name(rng: random.Random) -> Document:
    return Document("", make_branch(rng).full)


def _random_copy(rng: random.Random, alphabet: list[str]) -> Document:
    text = "".join(rng.choices(alphabet, k=rng.randint(3, 14)))
    return rng.choice((chat(text, text, system="重复"), chat(f"重复\n{text}", text), Document(f"{text}\n", text)))
