"""The phrases of the pre-training text, from phrases.toml."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

_DATA: dict[str, Any] = tomllib.loads((Path(__file__).parent / "phrases.toml").read_text(encoding="utf-8"))

ASKED: dict[str, tuple[str, ...]] = {asked: tuple(words) for asked, words in _DATA["asked"].items()}
BODIES: tuple[str, ...] = tuple(_DATA["bodies"])
OPENINGS: tuple[str, ...] = tuple(_DATA["openings"])
CLOSINGS: tuple[str, ...] = tuple(_DATA["closings"])
SENTENCES: tuple[str, ...] = tuple(_DATA["sentences"])
TALK: tuple[tuple[str, str], ...] = tuple((question, answer) for question, answer in _DATA["talk"])
KINDS: tuple[str, ...] = tuple(_DATA["kinds"])
WORDS: tuple[str, ...] = tuple(_DATA["words"])
SUFFIXES: tuple[str, ...] = tuple(_DATA["suffixes"])
