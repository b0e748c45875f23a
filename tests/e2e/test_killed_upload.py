"""The web process is killed in the middle of an upload, for real; another one goes on where it stopped."""

from __future__ import annotations

import hashlib
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest

from tests.e2e.product import ROOT, free_port

CONTENT = b"a,b,c\n" + b"x" * (3 * 2**20)
PIECE = 2**20
PASSWORD = "correct horse battery"
SET_UP = f"""
from apps.datasets.services import create_dataset
from apps.users.models import User
from apps.users.services import give_role
anna = User.objects.create_user("anna", {PASSWORD!r}); give_role(anna, "administrator")
dataset = create_dataset(name="目录", preset="bank_branches", actor=anna)
print("SET UP", dataset.pk)
"""


@pytest.fixture
def environment(tmp_path):
    inherited = {key: value for key, value in os.environ.items() if key not in {"DATABASE_URL", "ENGINE_URL"}}
    return inherited | {"VAR_DIR": str(tmp_path)}


@contextmanager
def web(environment: dict[str, str], port: int) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", "daphne", "-b", "127.0.0.1", "-p", str(port), "mozhu.asgi:application"]
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            with socket.socket() as probe:
                if not probe.connect_ex(("127.0.0.1", port)):
                    break
            time.sleep(0.1)
        yield process
    finally:
        process.kill()
        process.wait(10)


def manage(environment: dict[str, str], *arguments: str) -> str:
    command = [sys.executable, "manage.py", *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True).stdout


def half_a_piece(port: int, path: str, token: str) -> socket.socket:
    """Begin to send the second piece and stop half-way."""
    head = (
        f"PUT {path}?offset={PIECE} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Bearer {token}\r\n"
        f"Content-Type: application/octet-stream\r\nContent-Length: {PIECE}\r\n\r\n"
    )
    connection = socket.create_connection(("127.0.0.1", port), timeout=10)
    connection.sendall(head.encode() + CONTENT[PIECE : PIECE + PIECE // 2])
    return connection


def test_upload_goes_on_after_the_web_process_was_killed(environment):
    manage(environment, "migrate", "-v", "0")
    printed = manage(environment, "shell", "--no-imports", "-c", SET_UP)
    dataset = next(line.split()[2] for line in printed.splitlines() if line.startswith("SET UP"))
    port = free_port()
    facts = {"name": "a.csv", "size": len(CONTENT), "head": "h"}
    client = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30)
    uploads = f"/api/v1/datasets/{dataset}/uploads"

    def put(upload: str, offset: int) -> httpx.Response:
        piece = CONTENT[offset : offset + PIECE]
        headers = {"Content-Type": "application/octet-stream"}
        return client.put(f"{uploads}/{upload}?offset={offset}", content=piece, headers=headers)

    with web(environment, port) as process:
        signed_in = client.post("/api/v1/auth/login", json={"username": "anna", "password": PASSWORD})
        token = signed_in.json()["access"]
        client.headers["Authorization"] = f"Bearer {token}"
        upload = client.post(uploads, json=facts).json()["id"]
        assert put(upload, 0).json()["received"] == PIECE
        with half_a_piece(port, f"{uploads}/{upload}", token):
            process.kill()
            process.wait(10)
    with web(environment, port):
        known = client.post(uploads, json=facts)
        assert (known.status_code, known.json()["id"], known.json()["received"]) == (200, upload, PIECE)
        for offset in range(PIECE, len(CONTENT), PIECE):
            answer = put(upload, offset)
            assert answer.status_code == 200, answer.text
        version = client.post(f"{uploads}/{upload}/complete", json={"asks_layout": False})
        assert version.status_code == 201, json.dumps(version.json())
    assert version.json()["source_sha256"] == hashlib.sha256(CONTENT).hexdigest()
