"""The interface speaks Chinese and English completely: every text of the source stands in both catalogues."""

from __future__ import annotations

import re

import polib
import pytest

from apps.core.catalogue import CATALOGUES, texts_of_source

PLACEHOLDER = re.compile(r"%\(\w+\)[#0-9.]*[sdf]|\{\w*\}|%s|%d")
SOURCE = set(texts_of_source())


def texts_of(catalogue) -> set:
    return {(entry.msgid, entry.msgid_plural or None) for entry in catalogue}


@pytest.fixture(params=CATALOGUES.values(), ids=CATALOGUES)
def path(request):
    return request.param


def test_catalogue_holds_exactly_the_texts_of_the_source(path):
    found = texts_of(polib.pofile(str(path)))
    assert found == SOURCE, f"run `make messages`; missing {SOURCE - found}, vanished {found - SOURCE}"


def test_catalogue_is_complete(path):
    catalogue = polib.pofile(str(path))
    assert not [entry.msgid for entry in catalogue if not entry.translated() or entry.fuzzy]


def test_translation_keeps_every_placeholder(path):
    for entry in polib.pofile(str(path)):
        wanted = sorted(PLACEHOLDER.findall(entry.msgid))
        for text in entry.msgstr_plural.values() or [entry.msgstr]:
            if entry.msgid_plural:
                assert set(PLACEHOLDER.findall(text)) <= set(wanted) | set(PLACEHOLDER.findall(entry.msgid_plural)), (
                    entry.msgid
                )
            else:
                assert sorted(PLACEHOLDER.findall(text)) == wanted, entry.msgid


def test_compiled_catalogue_is_up_to_date(path):
    compiled = polib.mofile(str(path.with_suffix(".mo")))
    source = {entry.msgid: entry.msgstr or dict(entry.msgstr_plural) for entry in polib.pofile(str(path))}
    found = {entry.msgid: entry.msgstr or dict(entry.msgstr_plural) for entry in compiled if entry.msgid}
    assert found == source


def test_chinese_catalogue_is_chinese():
    chinese = re.compile(r"[\u3000-\u303f\u4e00-\u9fff]")
    allowed = re.compile(r"^[\W\d\w]{0,40}$")
    for entry in polib.pofile(str(CATALOGUES["zh_Hans"])):
        text = entry.msgstr or entry.msgstr_plural.get(0, "")
        assert chinese.search(text) or (text == entry.msgid and allowed.match(text)), entry.msgid
