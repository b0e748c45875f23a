"""A gazetteer: which words are places, and which place lies in which."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from workers.inference.lookup.normalise import normalise

# A place is the path to it: (province,), (province, city) or (province, city, county).
PlacePath = tuple[str, ...]
Places = frozenset[PlacePath]
NOWHERE: Places = frozenset()

_PEOPLES = (
    "蒙古族|蒙古|回族|藏族|维吾尔|苗族|彝族|壮族|布依族|朝鲜族|满族|侗族|瑶族|白族|土家族|哈尼族|哈萨克|傣族|黎族|傈僳族|佤族|"
    "畲族|高山族|拉祜族|水族|东乡族|纳西族|景颇族|柯尔克孜|土族|达斡尔族|仫佬族|羌族|布朗族|撒拉族|毛南族|仡佬族|锡伯|阿昌族|"
    "普米族|塔吉克|怒族|乌孜别克族|俄罗斯族|鄂温克族|德昂族|保安族|裕固族|京族|塔塔尔族|独龙族|鄂伦春|赫哲族|门巴族|珞巴族|基诺族|各族"
)
_ENDINGS = (
    *("自治州", "自治县", "自治旗", "自治区", "矿区", "林区", "新区", "地区"),
    *("省", "市", "县", "区", "旗", "盟", "镇"),
)
_PEOPLE_ENDING = re.compile(rf"(?:{_PEOPLES})+$")
_SHORT_ENDINGS = {"自治州": "州", "自治县": "县", "自治旗": "旗", "自治区": "区"}
_NOT_A_PLACE = re.compile("开发区|园区|管理区|示范区|委员会|食品区|街道")
_CHANGING_ENDINGS = ("市", "县", "区")
_STREET = re.compile("[东西南北中]?(?:大?[路街巷]|大?道(?![里外真县])|桥|门)")  # 道里, 道外, 道真, 道县 are places


class Gazetteer:
    """Words to places. `forms[word]` holds every place the word may mean."""

    def __init__(self, paths: Iterable[PlacePath]) -> None:
        self.forms: dict[str, set[PlacePath]] = {}
        self._words: dict[PlacePath, set[str]] = {}
        self._longest: dict[str, int] = {}  # first character -> the longest form that begins with it
        for path in paths:
            for depth in range(1, len(path) + 1):
                self._add(path[:depth])
        self._allow_changed_endings()

    def _add(self, path: PlacePath) -> None:
        if path in self._words:
            return
        self._words[path] = spellings(path[-1])
        for word in self._words[path]:
            self.forms.setdefault(word, set()).add(path)
            self._longest[word[0]] = max(len(word), self._longest.get(word[0], 0))

    def _allow_changed_endings(self) -> None:
        """Counties become cities and districts: where the bare word means one place only, any ending means it too."""
        for word, paths in list(self.forms.items()):
            (path, *others) = paths
            if not others and len(path) == 3 and not word.endswith(_ENDINGS):
                for changed in (word + ending for ending in _CHANGING_ENDINGS if path[-1] != word):
                    if changed not in self.forms:
                        self.forms[changed] = {path}
                        self._words[path].add(changed)
                        self._longest[word[0]] = max(len(changed), self._longest[word[0]])

    def words(self, path: PlacePath) -> set[str]:
        """Every spelling of one place."""
        return self._words.get(path, set())

    def longest_at(self, text: str, start: int, *, inside: Places) -> tuple[str, Places]:
        """The longest place word at `start` that can lie in `inside` (or anywhere when that is empty), and the places
        it may then mean; ("", NOWHERE) where there is none. A word that begins a street's name is no place."""
        for stop in range(min(len(text), start + self._longest.get(text[start], 0)), start + 1, -1):
            found = self.forms.get(text[start:stop])
            if not found or (_STREET.match(text, stop) and not text[start:stop].endswith(_ENDINGS)):
                continue
            places = narrow(inside, frozenset(found))
            if places:
                return text[start:stop], places
        return "", NOWHERE

    def mentions(self, text: str) -> bool:
        """Whether any place word stands in the text."""
        return any(self.longest_at(text, start, inside=NOWHERE)[0] for start in range(len(text)))


def narrow(outer: Places, inner: Places) -> Places:
    """The places of `inner` that lie strictly within one of `outer`; all of `inner` when `outer` is empty."""
    if not outer:
        return inner
    return frozenset(path for path in inner if any(path[: len(top)] == top and path != top for top in outer))


def spellings(name: str) -> set[str]:
    """The full name, the name without its administrative ending, and that with a short ending (凉山州)."""
    ending = next((end for end in _ENDINGS if name.endswith(end) and len(name) - len(end) > 1), "")
    if not ending:
        return {name}
    bare = name.removesuffix(ending)
    if ending in _SHORT_ENDINGS or len(bare) > 4:
        stripped = _PEOPLE_ENDING.sub("", bare)
        bare = stripped if len(stripped) > 1 else bare
    return {name, bare, bare + _SHORT_ENDINGS.get(ending, ending)}


@cache
def load_gazetteer(file: Path) -> Gazetteer:
    """Read a CSV with the columns province, city (may be blank), county."""
    with file.open(encoding="utf-8", newline="") as lines:
        return Gazetteer(_path(row) for row in csv.DictReader(lines) if not _NOT_A_PLACE.search(row["county"]))


def _path(row: dict[str, str]) -> PlacePath:
    levels = [normalise(row[level]) for level in ("province", "city", "county")]
    return tuple(level for position, level in enumerate(levels) if level and level not in levels[:position])
