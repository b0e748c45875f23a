"""Made-up bank branches: the raw material of the pre-training text."""

from __future__ import annotations

import random
from dataclasses import dataclass

from workers.trainers.banks import NATIONAL_BANKS, say_bank
from workers.trainers.places import load_places, say_place, short_place
from workers.trainers.pretraining.phrases import KINDS, SUFFIXES, WORDS


@dataclass(frozen=True)
class Branch:
    """One branch as a question names it; `place` or `branch` may be empty. `full` is its name in a directory."""

    bank: str
    place: str
    branch: str
    full: str


def make_branch(rng: random.Random) -> Branch:
    """A made-up branch of a national or a local bank on a real place."""
    place = rng.choice(load_places())
    title = _branch_title(rng)
    if rng.random() < 0.7:
        bank = rng.choice(tuple(NATIONAL_BANKS))
        where = "" if rng.random() < 0.12 else say_place(place, rng)
        full_place = rng.choice((place.county, place.city or place.county, short_place(place.county)))
        full = bank + full_place + title
    else:
        bank = _local_bank(rng)
        where = "" if rng.random() < 0.7 else say_place(place, rng)
        full = bank + where + title
    if rng.random() < 0.1:
        title = ""
    return Branch(bank=say_bank(bank, rng), place=where, branch=title, full=full)


def random_title(rng: random.Random, characters: str) -> str:
    """A name of 1-4 characters drawn evenly from `characters`: what can only be copied, not guessed."""
    return "".join(rng.choices(characters, k=rng.choice((1, 2, 2, 2, 3, 3, 4))))


def place_characters() -> str:
    return "".join(sorted({letter for place in load_places() for letter in short_place(place.county)}))


_CHARACTERS = place_characters()  # about 1,200, each as likely as the next


def _branch_title(rng: random.Random) -> str:
    draw = rng.random()
    if draw < 0.35:
        stem = rng.choice(WORDS)
    elif draw < 0.45:
        stem = short_place(rng.choice(load_places()).county)
    else:
        stem = random_title(rng, _CHARACTERS)
    return stem + rng.choice(SUFFIXES) + rng.choice(KINDS)


def _local_bank(rng: random.Random) -> str:
    place = rng.choice(load_places())
    name = place.city if place.city and rng.random() < 0.4 else place.county
    stem = short_place(name) if rng.random() < 0.7 else name
    kind = rng.choice(
        ("银行", "农村商业银行", "农村商业银行", "农村信用合作联社", "农村合作银行", "村镇银行", "村镇银行", "商业银行")
    )
    if kind == "村镇银行" and rng.random() < 0.6:
        stem += random_title(rng, _CHARACTERS)
    form = "" if kind.endswith("联社") else rng.choice(("股份有限公司", "股份有限公司", "有限责任公司", ""))
    return stem + kind + form
