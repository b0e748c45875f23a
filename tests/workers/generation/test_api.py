from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from starlette.testclient import TestClient

from workers.inference.generation import models
from workers.inference.generation.api import create_app
from workers.inference.generation.batching import Batcher, BusyError
from workers.inference.generation.models import LoadedModels

MESSAGES = [{"role": "user", "content": "工行丹江口支行行号"}]


@pytest.fixture
def client(adapters_root: Path) -> Iterator[TestClient]:
    loaded = LoadedModels(adapters_root=adapters_root, device=torch.device("cpu"))
    with TestClient(create_app(loaded)) as client:
        yield client


def load(client: TestClient, path: Path | str, name: str = "first") -> Any:
    return client.post("/v1/load_lora_adapter", json={"lora_name": name, "lora_path": str(path)})


def ask(client: TestClient, **values: Any) -> Any:
    return client.post("/v1/chat/completions", json={"model": "first", "messages": MESSAGES, "max_tokens": 8, **values})


def test_the_engine_is_healthy_without_any_model(client: TestClient) -> None:
    assert client.get("/health").status_code == 200
    assert client.get("/v1/models").json()["data"] == []


def test_a_loaded_adapter_answers(client: TestClient, adapters_root: Path) -> None:
    assert load(client, adapters_root / "first").status_code == 200
    answer = ask(client).json()
    assert answer["model"] == "first"
    assert answer["choices"][0]["message"]["role"] == "assistant"
    assert answer["usage"]["completion_tokens"] <= 8
    assert ask(client).json()["choices"] == answer["choices"]


def test_adapters_share_a_base_and_answer_differently(client: TestClient, adapters_root: Path) -> None:
    for name in ("first", "second"):
        load(client, adapters_root / name, name)
    names = [entry["id"] for entry in client.get("/v1/models").json()["data"]]
    assert names == ["tiny", "first", "second"]
    contents = {ask(client, model=name).json()["choices"][0]["message"]["content"] for name in names}
    assert len(contents) == 3


def test_loading_the_same_adapter_again_changes_nothing(client: TestClient, adapters_root: Path) -> None:
    assert [load(client, adapters_root / "first").status_code for _ in range(2)] == [200, 200]


def test_an_unloaded_adapter_is_unknown(client: TestClient, adapters_root: Path) -> None:
    for name in ("first", "second"):
        load(client, adapters_root / name, name)
    assert client.post("/v1/unload_lora_adapter", json={"lora_name": "first"}).status_code == 200
    assert ask(client).status_code == 404
    assert ask(client, model="second").status_code == 200


def test_the_base_serves_on_after_its_last_adapter_is_gone(client: TestClient, adapters_root: Path) -> None:
    load(client, adapters_root / "first")
    before = ask(client).json()["choices"]
    client.post("/v1/unload_lora_adapter", json={"lora_name": "first"})
    assert ask(client, model="tiny").status_code == 200
    assert load(client, adapters_root / "first").status_code == 200
    assert ask(client).json()["choices"] == before


def test_a_damaged_adapter_is_refused(client: TestClient, adapters_root: Path) -> None:
    damaged = Path(shutil.copytree(adapters_root / "first", adapters_root / "damaged"))
    weights = damaged / "adapter_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:100])
    try:
        assert load(client, damaged, "damaged").status_code == 400
        assert load(client, adapters_root / "first").status_code == 200
        before = ask(client).json()["choices"]
        assert load(client, damaged, "damaged").status_code == 400
        assert ask(client).json()["choices"] == before
    finally:
        shutil.rmtree(damaged)


def test_the_adapter_unused_for_longest_makes_room(
    client: TestClient, adapters_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(models, "MOST_ADAPTERS", 2)
    load(client, adapters_root / "first", "a")
    load(client, adapters_root / "second", "b")
    ask(client, model="a")
    load(client, adapters_root / "second", "c")
    assert [ask(client, model=name).status_code for name in ("a", "b", "c")] == [200, 404, 200]


def test_an_unknown_model_is_not_found_in_the_usual_shape(client: TestClient) -> None:
    answer = ask(client, model="nobody")
    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == "model_not_found"


@pytest.mark.parametrize(
    "change",
    [
        {"model": None},
        {"messages": []},
        {"messages": "工行"},
        {"messages": [{"role": "robot", "content": "x"}]},
        {"messages": [{"role": "user", "content": None}]},
        {"messages": ["x"]},
        {"max_tokens": 0},
        {"max_tokens": "8"},
        {"max_tokens": 10**6},
        {"temperature": 0.7},
        {"stream": True},
        {"messages": [{"role": "user", "content": "工" * 600}]},
    ],
)
def test_a_wrong_request_is_refused(client: TestClient, adapters_root: Path, change: dict[str, Any]) -> None:
    load(client, adapters_root / "first")
    answer = ask(client, **change)
    assert answer.status_code == 400
    assert answer.json()["error"]["message"]


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"[" * 100_000, b"\xff", b"x" * 300_000])
def test_what_is_no_json_object_is_refused(client: TestClient, body: bytes) -> None:
    assert client.post("/v1/chat/completions", content=body).status_code == 400


def test_an_adapter_outside_the_root_is_refused(client: TestClient, adapters_root: Path, tmp_path: Path) -> None:
    outside = shutil.copytree(adapters_root / "first", tmp_path / "first")
    answer = load(client, outside)
    assert answer.status_code == 400
    assert "root" in answer.json()["error"]["message"]


def test_a_path_that_climbs_out_of_the_root_is_refused(client: TestClient, adapters_root: Path) -> None:
    outside = shutil.copytree(adapters_root / "first", adapters_root.parent / "outside", dirs_exist_ok=True)
    assert load(client, adapters_root / ".." / outside.name).status_code == 400


def test_a_link_out_of_the_root_is_refused(client: TestClient, adapters_root: Path, tmp_path: Path) -> None:
    shutil.copytree(adapters_root / "first", tmp_path / "first")
    link = adapters_root / "link"
    link.symlink_to(tmp_path / "first")
    try:
        assert load(client, link).status_code == 400
    finally:
        link.unlink()


def test_a_folder_without_adapter_is_refused(client: TestClient, adapters_root: Path) -> None:
    assert load(client, adapters_root).status_code == 400


def test_a_taken_name_is_refused(client: TestClient, adapters_root: Path) -> None:
    load(client, adapters_root / "first")
    assert load(client, adapters_root / "second").status_code == 400


@pytest.mark.parametrize("name", ["", "a.b", "../x", "工行", "x" * 200, None])
def test_a_wrong_adapter_name_is_refused(client: TestClient, adapters_root: Path, name: Any) -> None:
    body = {"lora_name": name, "lora_path": str(adapters_root / "first")}
    assert client.post("/v1/load_lora_adapter", json=body).status_code == 400


def test_a_full_queue_is_unavailable(client: TestClient, adapters_root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    load(client, adapters_root / "first")

    def refuse(*arguments: Any, **options: Any) -> Any:
        raise BusyError

    monkeypatch.setattr(Batcher, "generate", refuse)
    answer = ask(client)
    assert answer.status_code == 503
    assert answer.json()["error"]["code"] == "busy"
