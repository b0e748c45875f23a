"""The regular expressions that a schema may hold: a small safe part of the language, read the same by every engine.

Whole cells are matched. Allowed are characters, `\\d`, `.`, classes such as `[A-Z0-9]`, the counts `? * + {n} {n,m}`,
groups and `|`. Not allowed is what could take ages or is read differently elsewhere: back-references, look-around,
quantified groups that repeat, flags, lazy quantifiers. The ways to match one cell are counted and limited.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

LENGTH_MAX = 200
COUNT_MAX = 200
_UNBOUNDED = 500
_WAYS_MAX = 300_000
_DEPTH_MAX = 3
_ESCAPABLE = frozenset(".\\-+*?()[]{}|^$/")
_SPECIAL = frozenset("*+?{}()[]|^$\\")
_COUNTS = re.compile(r"\{(\d{1,3})(,(\d{1,3})?)?\}")
_PRINTABLE = [chr(code) for code in range(33, 127)]


class PatternError(ValueError):
    """The pattern is not in the safe part of the language; `at` is the character (from 0) where it leaves it."""

    def __init__(self, reason: str, at: int) -> None:
        super().__init__(f"{reason} (character {at + 1})")
        self.reason = reason
        self.at = at


@dataclass(frozen=True)
class _Read:
    """What a piece of a pattern can do: in how many ways it may match a cell, and an example of what it matches."""

    ways: int
    example: str


def check_pattern(pattern: str) -> None:
    """Raise PatternError where `pattern` is not safe."""
    _Scanner(pattern).read()


def example_of(pattern: str) -> str:
    """Return a cell that matches the pattern; "" for the empty pattern. Raises PatternError."""
    return _Scanner(pattern).read().example


class _Scanner:
    def __init__(self, pattern: str) -> None:
        self._text = pattern
        self._at = 0
        self._digit = 0

    def read(self) -> _Read:
        if len(self._text) > LENGTH_MAX:
            raise PatternError(f"longer than {LENGTH_MAX} characters", LENGTH_MAX)
        read = self._alternatives(depth=0)
        if self._at < len(self._text):
            raise self._error("a bracket is closed that was not opened")
        try:
            compiled = re.compile(self._text)
        except re.error as error:
            raise PatternError(str(error.msg), error.pos or 0) from error
        if not compiled.fullmatch(read.example):
            raise PatternError("nothing can match it", 0)
        return read

    def _alternatives(self, *, depth: int) -> _Read:
        branches = [self._sequence(depth=depth)]
        while self._peek() == "|":
            self._at += 1
            branches.append(self._sequence(depth=depth))
        return self._limited(sum(branch.ways for branch in branches), branches[0].example)

    def _sequence(self, *, depth: int) -> _Read:
        ways, example = 1, ""
        while self._peek() not in ("", "|", ")"):
            piece = self._quantified(depth=depth)
            ways, example = ways * piece.ways, example + piece.example
            self._limited(ways, example)
        return _Read(ways, example)

    def _quantified(self, *, depth: int) -> _Read:
        is_group = self._peek() == "("
        atom = self._group(depth=depth) if is_group else _Read(1, self._atom())
        least, most = self._counts()
        if is_group and most > 1 and (least != most or atom.ways > 1):
            raise self._error("a group may not be repeated a varying number of times")
        example = atom.example if least == 1 else self._repeated(atom.example, least or min(1, most))
        return self._limited(atom.ways * (most - least + 1), example)

    def _repeated(self, example: str, count: int) -> str:
        """Repeat an example; digits count on, so that an example looks like a number."""
        if not example.isdecimal() or len(example) != 1 or self._last_class != "0123456789":
            return example * count
        self._digit -= 1  # the one that was drawn already
        return "".join(self._next_digit() for _ in range(count))

    def _next_digit(self) -> str:
        self._digit += 1
        return str(self._digit % 10)

    def _group(self, *, depth: int) -> _Read:
        if depth == _DEPTH_MAX:
            raise self._error("too many brackets inside brackets")
        self._at += 1
        if self._text.startswith("?:", self._at):
            self._at += 2
        elif self._peek() == "?":
            raise self._error("this kind of group is not possible")
        inside = self._alternatives(depth=depth + 1)
        if self._peek() != ")":
            raise self._error("a bracket is not closed")
        self._at += 1
        return inside

    _last_class = ""

    def _atom(self) -> str:
        """Read one character or class; return an example of it."""
        character = self._text[self._at]
        self._at += 1
        self._last_class = ""
        if character == "\\":
            return self._escaped()
        if character == "[":
            return self._class()
        if character == ".":
            return "a"
        if character in _SPECIAL:
            self._at -= 1
            raise self._error(f"“{character}” is not possible here")
        return character

    def _escaped(self) -> str:
        character = self._peek()
        self._at += 1
        if character == "d":
            self._last_class = "0123456789"
            return self._next_digit()
        if character not in _ESCAPABLE:
            self._at -= 1
            raise self._error(f"“\\{character}” is not possible")
        return character

    def _class(self) -> str:
        end = self._text.find("]", self._at)
        inside = self._text[self._at : end] if end > 0 else ""
        if not inside or inside == "^" or any(mark in inside for mark in ("[", "&&", "--", "~~", "||")):
            raise self._error("the class of characters is not complete, or has marks that are not possible in it")
        if re.search(r"\\(?![\]\\\-^d.+*?()/|$])", inside) or inside.endswith("\\"):
            raise self._error("a mark with \\ in a class of characters is not possible")
        self._at = end + 1
        try:
            accepts = re.compile(f"[{inside}]").fullmatch
        except re.error as error:
            raise self._error(str(error.msg)) from error
        fitting = "".join(character for character in [*_PRINTABLE, "中", "é"] if accepts(character))
        self._last_class = fitting
        if fitting == "0123456789":
            return self._next_digit()
        return next(filter(str.isalnum, sorted(fitting, key=str.isdecimal)), fitting[:1] or inside[0])

    def _counts(self) -> tuple[int, int]:
        mark = self._peek()
        if mark in ("?", "*", "+"):
            self._at += 1
            counts = {"?": (0, 1), "*": (0, _UNBOUNDED), "+": (1, _UNBOUNDED)}[mark]
        elif mark == "{":
            found = _COUNTS.match(self._text, self._at)
            if found is None:
                raise self._error("a count looks like {12} or {2,5}")
            self._at = found.end()
            least = int(found[1])
            counts = (least, least if found[2] is None else int(found[3]) if found[3] else _UNBOUNDED)
            if least > COUNT_MAX or (found[3] and counts[1] > COUNT_MAX) or least > counts[1]:
                raise self._error(f"counts go from small to large, up to {COUNT_MAX}")
        else:
            return 1, 1
        if self._peek() in ("?", "*", "+", "{"):
            raise self._error("two counts after one another")
        return counts

    def _limited(self, ways: int, example: str) -> _Read:
        if ways > _WAYS_MAX:
            raise self._error("too many ways to match a cell: use fewer * and +")
        return _Read(ways, example)

    def _peek(self) -> str:
        return self._text[self._at : self._at + 1]

    def _error(self, reason: str) -> PatternError:
        return PatternError(reason, min(self._at, max(0, len(self._text) - 1)))
