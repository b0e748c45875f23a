"""One spelling for what people type and what files hold, so that equal things become equal strings."""

from __future__ import annotations

import re
import unicodedata

from opencc import OpenCC

_CJK = "\u3400-\u9fff\U00020000-\U0003ffff"
_HAN_BLOCKS = ((0x3400, 0x4DC0), (0x4E00, 0xA000), (0x20000, 0x323B0))
_SPACE = re.compile(r"\s+")
_SPACE_BESIDE_HAN = re.compile(rf"(?<=[{_CJK}]) | (?=[{_CJK}])")
_SPACE_INSIDE_BRACKETS = re.compile(r"(?<=\() | (?=[()])|(?<=\)) ")
_SEPARATORS = re.compile(r"[\s\-._/]")
_PLAIN = {
    **dict.fromkeys("【〔〖［「『《〈[{<", "("),
    **dict.fromkeys("】〕〗］」』》〉]}>", ")"),
    **dict.fromkeys("。｡", "."),
    **dict.fromkeys("、﹑､", ","),
    **dict.fromkeys("‐‑‒–—―−﹣", "-"),
    **dict.fromkeys("“”‘’`´„‟″′", '"'),
    **dict.fromkeys("·•・‧∙", ""),
}


def _simplified() -> dict[int, str]:
    """Traditional -> simplified, character by character: a phrase table would make a character's form depend on its
    neighbours, and then a row and a shortened question could disagree."""
    characters = [chr(code) for start, stop in _HAN_BLOCKS for code in range(start, stop)]
    converted = OpenCC("t2s").convert("\n".join(characters)).split("\n")
    table = {old: new for old, new in zip(characters, converted, strict=True) if old != new and len(new) == 1}
    return {ord(old): table.get(new, new) for old, new in table.items()}


_TABLE: dict[int, str] = _simplified() | {ord(old): new for old, new in _PLAIN.items()}


def normalise(text: str) -> str:
    """NFKC, lower case, simplified characters, one kind of bracket and punctuation, single spaces and none beside a
    Han character or bracket; control and formatting characters (zero width, right-to-left marks) disappear.

    Idempotent: normalise(normalise(x)) == normalise(x).
    """
    for _ in range(4):  # case folding can leave something for NFKC to compose; two passes suffice in practice
        before, text = text, _once(text)
        if text == before:
            break
    return text


def _once(text: str) -> str:
    text = unicodedata.normalize("NFKC", text).lower().translate(_TABLE)
    if not text.isprintable():
        text = "".join(_printable(character) for character in text)
    text = _SPACE.sub(" ", text).strip()
    return _SPACE_INSIDE_BRACKETS.sub("", _SPACE_BESIDE_HAN.sub("", text)) if " " in text else text


def _printable(character: str) -> str:
    if character.isspace():
        return " "
    return "" if unicodedata.category(character) in {"Cf", "Cc", "Cs", "Cn", "Co"} else character


def code_key(text: str) -> str:
    """How identifiers are compared: normalised, without the spaces, dashes and dots people put between groups."""
    return _SEPARATORS.sub("", normalise(text))
