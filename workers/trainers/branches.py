"""A directory name taken apart into bank, place and branch, by plain code."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass

from workers.trainers.places import place_names, places_around, short_place

_BANK = re.compile(
    r"^.+?(?:银行|信用(?:合作)?联社|信用社联合社|信用(?:合作)?社)(?:\(中国\)|（中国）)?(?:股份有限公司|有限责任公司|有限公司)?"
)
# A rest made of these alone names no branch: 永清|支行 is the branch 永清支行, since nothing tells 永清 from a street.
_KIND = re.compile(
    r"^(?:(?:县|市|区)?(?:支行|分行|营业部|营业所|营业室|分理处|储蓄所|信用社|分社|总行|本级|直属|中心|小微|社区))+$"
)
_LONGEST_PLACE = 12


@dataclass(frozen=True)
class Branch:
    """`place` and `branch` are empty where the name has none."""

    bank: str
    place: str
    branch: str


def split_name(name: str) -> Branch | None:
    """The parts of a full name (中国邮政储蓄银行股份有限公司丹江口市六里坪支行); None where no bank is found."""
    found = _BANK.match(name)
    if not found:
        return None
    rest = name[found.end() :]
    ends = _place_ends(rest)
    while ends and (ends[-1] == len(rest) or _KIND.match(rest[ends[-1] :])):
        ends.pop()  # the innermost place is what the branch is called by
    end = ends[-1] if ends else 0
    return Branch(found.group(), rest[:end], rest[end:])


def _place_ends(text: str) -> list[int]:
    """Where the leading places end, each within the one before it (省 then 市 then 县), longest names first."""
    ends: list[int] = []
    end, outer = 0, ""
    while True:
        stops = range(min(len(text), end + _LONGEST_PLACE), end + 1, -1)
        stop = next((stop for stop in stops if text[end:stop] in place_names()), None)
        if (
            stop is None
            or _is_street(text[end:stop], text[stop:])
            or (outer and outer not in places_around(text[end:stop]))
        ):
            return ends
        ends.append(stop)
        end, outer = stop, short_place(text[end:stop])


def _is_street(place: str, rest: str) -> bool:
    """北京|路支行: what looks like a place, and has no ending of one, is the name of a street."""
    return short_place(place) == place and bool(re.match(r"[东西南北中]?(?:大?[路街道巷]|桥|门|大厦|广场)", rest))


def say_branch(branch: str, rng: random.Random, *, place_is_said: bool) -> str:
    """The branch as people say it: now and then without its ending, where enough stays to know it by.

    Without a place beside it the ending stays: nobody could tell such a branch from a place.
    """
    if not place_is_said:
        return branch
    stem = re.sub(r"(?:支行|分理处|营业所|储蓄所)$", "", branch)
    return stem if len(stem) >= 3 and stem != branch and rng.random() < 0.15 else branch
