"""What typing does to a question. Names are changed before the slots are read off, so that slots stay spans."""

from __future__ import annotations

import random
from collections.abc import Sequence

from workers.inference.lookup.parsing import Slots

_ENDINGS = ("？", "?", "。", "，谢谢", "，急", "！", "～", "，在线等", "呢", "哈")
_STARTS = ("你好，", "请问", "您好 ", "那个，", "急急急！", "打扰一下，")


def mistype(name: str, letters: Sequence[str], rng: random.Random) -> str:
    """`name`, in one case of twenty with a wrong character of `letters` in it."""
    if len(name) < 3 or not letters or rng.random() > 0.05:
        return name
    position = rng.randrange(len(name) - 2)
    return name[:position] + rng.choice(letters) + name[position + 1 :]


def disturb(question: str, slots: Slots, rng: random.Random) -> str:
    """Half of the questions stay as they are; the others lose punctuation, gain spaces, a start or an ending."""
    draw = rng.random()
    if draw < 0.5:
        return question
    if draw < 0.62:
        return question.replace("，", " ").replace("？", "")
    if draw < 0.72:
        return question.replace("，", "").replace("？", "")
    if draw < 0.82 and slots.branch:
        return question.replace(slots.branch, f" {slots.branch} ").strip()
    if draw < 0.9:
        return rng.choice(_STARTS) + question
    return question.rstrip("？。") + rng.choice(_ENDINGS)
