"""Things that break while others work on them: disks, rows, people at the same time, base models.

Tested elsewhere: disks that fill up during an upload in pieces, two windows that write at once (tests/datasets/
test_resumable.py); a version cancelled or deleted under its worker, lost leases (tests/datasets/test_importing.py,
test_removal.py); rows changed on the disk before finalising (tests/datasets/test_services.py); data that vanished
before training (tests/training/test_services.py).
"""

from __future__ import annotations

import errno
import json
import pickle
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import torch
from django.db import connection, connections

from apps.core.errors import DomainError
from apps.datasets.importing import import_version
from apps.datasets.models import DatasetVersion
from apps.datasets.services import finalise
from tests.bad_input.conftest import files_of_versions, is_a_sentence
from tests.datasets.conftest import table
from workers.inference.generation.loading import ModelError, load_base

TINY = Path(__file__).resolve().parents[2] / "fixtures" / "base_models" / "mozhu-tiny"
CPU = torch.device("cpu")


class FullDisk:
    """A file on a disk with room for so many bytes."""

    def __init__(self, file, room: int):
        self._file, self._room = file, room

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self._file.close()

    def __getattr__(self, name):
        return getattr(self._file, name)

    def write(self, data):
        self._room -= len(data)
        if self._room < 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        return self._file.write(data)


@pytest.fixture
def full_disk(monkeypatch):
    """Return a function that lets every file opened for writing below `datasets` take so many bytes and no more."""
    real = Path.open

    def fill(room: int) -> None:
        def opened(path, mode="r", *arguments, **options):
            file = real(path, mode, *arguments, **options)
            return FullDisk(file, room) if "w" in mode and "datasets" in path.parts else file

        monkeypatch.setattr(Path, "open", opened)

    return fill


@pytest.mark.parametrize("room", [0, 10, 100])
def test_upload_to_a_full_disk_is_refused_and_leaves_nothing(room, full_disk, upload):
    full_disk(room)
    with pytest.raises(DomainError) as refused:
        upload(table(count=20))
    assert refused.value.code == "disk_full"
    assert is_a_sentence(str(refused.value.message))
    assert files_of_versions() == set()
    assert not DatasetVersion.objects.exists()


def test_import_whose_folder_vanished_fails_with_a_sentence(upload):
    version = upload(table())
    shutil.rmtree(version.directory)
    import_version(str(version.pk))
    version.refresh_from_db()
    assert version.status == DatasetVersion.Status.FAILED
    assert is_a_sentence(version.error)


def test_import_of_a_version_that_was_deleted_does_nothing(upload):
    version = upload(table())
    pk = str(version.pk)
    shutil.rmtree(version.directory)
    DatasetVersion.objects.filter(pk=pk).delete()
    import_version(pk)
    assert files_of_versions() == set()


@pytest.mark.django_db(transaction=True)
def test_of_four_people_who_finalise_at_once_one_signs(imported, make_user):
    version = imported(table())
    people = [make_user("administrator", username=f"signer-{n}") for n in range(4)]

    def sign(person) -> bool:
        try:
            finalise(DatasetVersion.objects.get(pk=version.pk), actor=person)
        except DomainError:
            return False
        finally:
            connections[connection.alias].close()
        return True

    with ThreadPoolExecutor(4) as pool:
        signed = list(pool.map(sign, people))
    assert sum(signed) == 1
    version.refresh_from_db()
    assert version.finalised_by == people[signed.index(True)]


# --- base models ----------------------------------------------------------------------------------------------------


def vanish(folder: Path) -> None:
    shutil.rmtree(folder)


def lose_weights(folder: Path) -> None:
    (folder / "model.safetensors").unlink()


def cut_weights(folder: Path) -> None:
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[: weights.stat().st_size // 2])


def empty_weights(folder: Path) -> None:
    (folder / "model.safetensors").write_bytes(b"")


def garble_weights(folder: Path) -> None:
    (folder / "model.safetensors").write_bytes(b"\xff" * 4096)


class Bomb:
    """What runs when somebody unpickles it."""

    def __reduce__(self):
        return (exec, ("raise SystemExit('the pickle was run')",))


def pickle_weights(folder: Path) -> None:
    """Weights in the old format, which run code when they are read."""
    (folder / "model.safetensors").unlink()
    (folder / "pytorch_model.bin").write_bytes(pickle.dumps(Bomb()))


def pickle_under_the_new_name(folder: Path) -> None:
    (folder / "model.safetensors").write_bytes(pickle.dumps(Bomb()))


def garble_config(folder: Path) -> None:
    (folder / "config.json").write_text("{")


def lose_config(folder: Path) -> None:
    (folder / "config.json").unlink()


def change_config(**values):
    def change(folder: Path) -> None:
        path = folder / "config.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | values))

    change.__name__ = "config_" + "_".join(values)
    return change


OWN_CODE = {"AutoModelForCausalLM": "evil.Model", "AutoConfig": "evil.Config"}


def code_of_its_own(folder: Path) -> None:
    """A model that brings Python code and asks to run it."""
    (folder / "evil.py").write_text("raise SystemExit('the code of the model was run')")
    change_config(auto_map=OWN_CODE, model_type="evil")(folder)


DAMAGE = [
    vanish, lose_weights, cut_weights, empty_weights, garble_weights, pickle_weights, pickle_under_the_new_name,
    garble_config, lose_config, code_of_its_own,
    change_config(model_type="no_such_architecture"), change_config(hidden_size=7), change_config(vocab_size=-1),
]  # fmt: skip


@pytest.mark.parametrize("damage", DAMAGE, ids=lambda damage: damage.__name__)
def test_damaged_base_model_is_refused_with_a_remedy_and_runs_no_code(damage, tmp_path):
    folder = tmp_path / "base"
    shutil.copytree(TINY, folder)
    damage(folder)
    with pytest.raises(ModelError) as refused:
        load_base(str(folder), device=CPU)
    assert refused.value.message
    assert refused.value.remedy
