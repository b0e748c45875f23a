from __future__ import annotations

import pytest
from django.utils import translation

from apps.core.templatetags.humane import duration, milliseconds, percent


@pytest.fixture(autouse=True)
def english():
    with translation.override("en"):
        yield


@pytest.mark.parametrize(
    ("seconds", "text"), [(None, "—"), (0, "0 s"), (59.6, "1 min 00 s"), (200, "3 min 20 s"), (3900, "1 h 05 min")]
)
def test_duration_is_said_as_people_say_it(seconds, text):
    assert duration(seconds) == text


@pytest.mark.parametrize(("value", "text"), [(None, "—"), (0.73, "0.7 ms"), (12.4, "12 ms"), (1234.0, "1,234 ms")])
def test_milliseconds_keep_the_digits_that_matter(value, text):
    assert milliseconds(value) == text


@pytest.mark.parametrize(("share", "text"), [(None, "—"), (0.9991, "99.9 %"), (1, "100.0 %")])
def test_share_is_shown_in_percent(share, text):
    assert percent(share) == text
