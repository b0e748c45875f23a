"""The gazetteer of Chinese places (the lookup's own) and the short forms people use."""

from __future__ import annotations

import csv
import random
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

PLACES_FILE = Path(__file__).resolve().parents[1] / "inference" / "lookup" / "data" / "bank_branches" / "places.csv"

_PEOPLES = (
    "蒙古|回|藏|维吾尔|苗|彝|壮|布依|朝鲜|满|侗|瑶|白|土家|哈尼|哈萨克|傣|黎|傈僳|佤|畲|拉祜|水|东乡|纳西|景颇|柯尔克孜|土|达斡尔"
    "|仫佬|羌|布朗|撒拉|毛南|仡佬|锡伯|塔吉克|怒|鄂温克|保安|裕固|独龙|鄂伦春|各"
)
_ENDING = re.compile(
    rf"(?:(?:(?:{_PEOPLES})族)*自治[县州旗区]|维吾尔自治区|特别行政区|地区|林区|新区|省|市|县|区|旗|盟)$"
)


_KEPT = re.compile(r"(?:(?:开发|园|管理|示范|工业|实验|合作)区|[左右前后中]旗)$")  # endings that nobody drops


@dataclass(frozen=True)
class Place:
    province: str
    city: str
    county: str


@cache
def load_places(path: Path = PLACES_FILE) -> tuple[Place, ...]:
    with path.open(encoding="utf-8", newline="") as lines:
        return tuple(Place(row["province"], row["city"], row["county"]) for row in csv.DictReader(lines))


def short_place(name: str) -> str:
    """`name` without its administrative ending (丹江口市 -> 丹江口), where at least two characters stay."""
    stem = _ENDING.sub("", name)
    return stem if len(stem) >= 2 else name


@cache
def place_names() -> frozenset[str]:
    """Every province, city and county, with and without its ending."""
    full = {name for place in load_places() for name in (place.province, place.city, place.county) if name}
    return frozenset(full | {short_place(name) for name in full})


def say_place(place: Place, rng: random.Random) -> str:
    """One way of naming `place`: county or city, now and then with what it lies in."""
    inner = place.county if not place.city or rng.random() < 0.7 else place.city
    outer = place.province if inner == place.city or not place.city or rng.random() < 0.4 else place.city
    if rng.random() < 0.55:
        inner = short_place(inner)
    if rng.random() < 0.8 or inner == outer:
        return inner
    return (short_place(outer) if rng.random() < 0.6 else outer) + inner


@cache
def _surroundings() -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for place in load_places():
        province, city, county = (short_place(name) for name in (place.province, place.city, place.county))
        found.setdefault(county, set()).update({province, city} - {""})
        found.setdefault(city, set()).add(province)
    return {name: frozenset(outer) for name, outer in found.items()}


def places_around(name: str) -> frozenset[str]:
    """Short names of every city and province that has a city or county called `name`."""
    return _surroundings().get(short_place(name), frozenset())


@cache
def _provinces() -> dict[str, str]:
    """Short name of a city or county -> its province, where only one province has it."""
    found: dict[str, set[str]] = {}
    for place in load_places():
        for name in {place.city, place.county} - {"", place.province}:
            found.setdefault(short_place(name), set()).add(place.province)
    return {name: provinces.pop() for name, provinces in found.items() if len(provinces) == 1}


def _shortened(name: str) -> str:
    """`name`, which may be a chain such as 株洲市攸县, without the ending of its innermost place."""
    start = next((start for start in range(len(name)) if name[start:] in place_names()), 0)
    return name if _KEPT.search(name) else name[:start] + short_place(name[start:])


def say_named_place(name: str, rng: random.Random) -> str:
    """One way of saying the place that a row names: as it is, short, or with its province before it."""
    said = _shortened(name) if rng.random() < 0.5 else name
    province = _provinces().get(short_place(name))
    if province and rng.random() < 0.12:
        said = (short_place(province) if rng.random() < 0.6 else province) + said
    return said
