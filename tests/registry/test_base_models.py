from __future__ import annotations

import pytest

from apps.registry import base_models
from apps.registry.base_models import BaseModelChoice


@pytest.fixture
def folders(settings, tmp_path):
    """Two folders to look in: `shipped` and `own`; the default base lies in the first."""
    settings.BASE_MODEL_FOLDERS = [tmp_path / "shipped", tmp_path / "own"]
    settings.BASE_MODELS = []
    settings.BASE_MODEL = str(make(tmp_path / "shipped" / "tiny"))
    return tmp_path


def make(folder):
    folder.mkdir(parents=True)
    (folder / "config.json").write_text("{}")
    return folder


def test_without_a_list_every_folder_with_a_configuration_is_offered_the_default_first(folders):
    make(folders / "shipped" / "another")
    make(folders / "own" / "Qwen3-0.6B")
    (folders / "own" / "notes").mkdir()
    assert [choice.label for choice in base_models.available()] == ["tiny", "another", "Qwen3-0.6B"]
    assert base_models.is_available(str(folders / "own" / "Qwen3-0.6B"))
    assert not base_models.is_available(str(folders / "own" / "notes"))


def test_a_folder_that_comes_later_is_offered_without_a_restart(folders):
    assert len(base_models.available()) == 1
    make(folders / "own" / "new")
    assert len(base_models.available()) == 2


def test_the_operator_s_list_replaces_what_lies_on_the_disk(folders, settings):
    make(folders / "own" / "Qwen3-0.6B")
    settings.BASE_MODELS = ["Qwen/Qwen3-1.7B"]
    assert base_models.available() == [
        BaseModelChoice(settings.BASE_MODEL, "tiny"),
        BaseModelChoice("Qwen/Qwen3-1.7B", "Qwen/Qwen3-1.7B"),
    ]


def test_two_folders_of_one_name_are_told_apart(folders):
    other = make(folders / "own" / "tiny")
    assert [choice.label for choice in base_models.available()] == [str(folders / "shipped" / "tiny"), str(other)]


@pytest.mark.parametrize("value", ["", "/etc", "..", "tiny", "Qwen/Qwen3-0.6B", "\x00"])
def test_nothing_else_is_offered(folders, value):
    assert not base_models.is_available(value)


@pytest.mark.parametrize(
    ("value", "label"),
    [("/srv/bases/tiny", "tiny"), ("var/base_models/tiny", "tiny"), ("./tiny", "tiny"), ("Qwen/Qwen3", "Qwen/Qwen3")],
)
def test_a_folder_is_called_by_its_name_and_a_hub_id_whole(value, label):
    assert base_models.label_of(value) == label
