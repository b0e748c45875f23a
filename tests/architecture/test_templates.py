"""Templates carry no script, no style and no handler of their own: the Content-Security-Policy would refuse them."""

from __future__ import annotations

import re

import pytest

from tests.architecture.test_files import ROOT

INLINE = {
    "a script without src": re.compile(r"<script(?![^>]*\bsrc=)(?![^>]*application/json)[^>]*>", re.IGNORECASE),
    "a style element": re.compile(r"<style\b", re.IGNORECASE),
    "a style attribute": re.compile(r"\sstyle\s*=\s*[\"']", re.IGNORECASE),
    "an event handler": re.compile(r"<[^>]*\son[a-z]+\s*=\s*[\"']", re.IGNORECASE),
    "a javascript: address": re.compile(r"javascript:", re.IGNORECASE),
    "something from another host": re.compile(r"(src|href|action)=[\"'](https?:)?//", re.IGNORECASE),
}
FILES = [("templates", "*.html"), ("apps", "*.py"), ("static", "*.svg")]
SOURCES = sorted(path for folder, name in FILES for path in (ROOT / folder).rglob(name))
SAFE_ELSEWHERE = {"an event handler", "something from another host"}


def inline_in(text: str, *, template: bool) -> list[str]:
    return [what for what, sign in INLINE.items() if sign.search(text) and (template or what not in SAFE_ELSEWHERE)]


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_is_inline(path):
    assert inline_in(path.read_text(encoding="utf-8"), template=path.suffix == ".html") == []


@pytest.mark.parametrize(
    "text",
    [
        "<script>x</script>", "<style>", "<p style='a'>", "<a onclick='x()'>", "<a href='javascript:x'>",
        "<img src='//else.example/x'>",
    ],
)  # fmt: skip
def test_the_search_finds_what_it_looks_for(text):
    assert inline_in(text, template=True)
