from __future__ import annotations

import socket

import pytest

from apps.core.embedded import NotReady, Plan


@pytest.fixture
def taken_port():
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        yield server.getsockname()[1]


def test_taken_port_is_named_before_anything_starts(taken_port):
    with pytest.raises(NotReady, match=f"Port {taken_port} is taken"):
        Plan(taken_port, taken_port + 1, embeds_broker=True, embeds_engine=False).check()


def test_full_disk_is_named(monkeypatch):
    monkeypatch.setattr("apps.core.embedded.DISK_NEEDED_BYTES", 2**60)
    with pytest.raises(NotReady, match="MB are free"):
        Plan(1, 2, embeds_broker=True, embeds_engine=False).check()


def test_services_named_by_the_environment_are_not_embedded(monkeypatch):
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:6379/0")
    monkeypatch.setenv("ENGINE_URL", "http://127.0.0.1:9999")
    plan = Plan.from_environment(port=8000)
    assert [service.name for service in plan.services()] == ["worker", "beat", "web"]


def test_everything_is_embedded_by_default(monkeypatch):
    monkeypatch.delenv("REDIS_URL")
    monkeypatch.delenv("ENGINE_URL", raising=False)
    plan = Plan.from_environment(port=8000)
    assert [service.name for service in plan.services()] == ["valkey", "engine", "worker", "beat", "web"]
