"""From the call that activates a version (or data) to the first answer of the new one, in another web process.

Two real web processes over 150,000 rows; one is told to switch, the other is asked without pause by several clients.
An answer that errs, or that mixes the old and the new, would be counted and printed.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from apps.core.embedded import valkey_command
from tests.benchmarks.bench_ask import running, wait_until_served, web_command
from tests.benchmarks.machine import ROOT, describe, directory_csv, names_in, percentile
from tests.e2e.product import free_port

SWITCHES = 40
CLIENTS = 8
PREPARE = "prepare"


def main() -> None:
    print(describe())
    with tempfile.TemporaryDirectory(prefix="mozhu-bench-") as scratch, ExitStack() as stack:
        directory = directory_csv(Path(scratch) / "directory.csv")
        environment = {
            **os.environ,
            "VAR_DIR": scratch,
            "DATABASE_URL": f"sqlite:///{scratch}/db.sqlite3",
            "REDIS_URL": f"unix://{scratch}/valkey.sock",
            "ENGINE_URL": "http://127.0.0.1:9",
            "DJANGO_SETTINGS_MODULE": "mozhu.settings",
        }
        stack.enter_context(running(valkey_command(Path(scratch) / "valkey.sock"), environment))
        token, slug = _run(
            [sys.executable, "-m", "tests.benchmarks.bench_switch", PREPARE, str(directory)], environment
        )
        ports = free_port(), free_port()
        for port in ports:
            stack.enter_context(running(web_command(port), environment))
            wait_until_served(port)
        print(asyncio.run(measure(ports, token, slug, names_in(directory)[0])))


def _run(command: list[str], environment: dict[str, str]) -> list[str]:
    done = subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True, text=True)
    return done.stdout.split()[-2:]


def prepare(directory: Path) -> None:
    """Fill the database of the environment, register two versions, print a token and the model's slug."""
    from tests.benchmarks import prepare_ask

    prepare_ask.main(directory)
    from apps.registry.models import RegisteredModel
    from apps.registry.services import register_version

    model = RegisteredModel.objects.select_related("dataset__active_version").get()
    for content in (b"two", b"three"):
        folder = directory.with_name(content.decode())
        folder.mkdir()
        (folder / "adapter_model.safetensors").write_bytes(content)
        (folder / "adapter_config.json").write_text("{}")
        register_version(
            model=model,
            dataset_version=model.dataset.active_version,
            adapter_dir=folder,
            adapter_sha256=hashlib.sha256(content).hexdigest(),
            base_model="none",
            parameters={},
            metrics={},
            actor=None,
        )
    print(model.slug)


async def measure(ports: tuple[int, int], token: str, slug: str, name: str) -> str:
    """Switch between versions 2 and 3; returns the line of figures."""
    told, asked = ports
    bad: list[str] = []
    answers: list[tuple[float, float, int]] = []  # sent, received, version
    stop = asyncio.Event()

    async def client() -> None:
        connection = await asyncio.open_connection("127.0.0.1", asked)
        while not stop.is_set():
            sent = time.monotonic()
            status, body = await call(connection, "/api/v1/qa/ask", token, {"question": name})
            if status == 200:
                answers.append((sent, time.monotonic(), body["model_version"]["number"]))
            else:
                bad.append(str(body)[:200])

    clients = [asyncio.create_task(client()) for _ in range(CLIENTS)]
    connection = await asyncio.open_connection("127.0.0.1", told)
    switched: list[tuple[float, float, int]] = []  # told, done, version
    for turn in range(SWITCHES + 1):
        await asyncio.sleep(0.25)
        version = 2 + turn % 2
        sent = time.monotonic()
        status, body = await call(connection, f"/api/v1/models/{slug}/activate", token, {"version": version})
        if status != 200:
            raise OSError(f"activation refused: {body}")
        switched.append((sent, time.monotonic(), version))
    await asyncio.sleep(0.5)
    stop.set()
    await asyncio.gather(*clients)
    return figures(switched[1:], answers, bad)


def figures(switched: list[tuple[float, float, int]], answers: list[tuple[float, float, int]], bad: list[str]) -> str:
    """After a switch is done, every question sent later must be answered by its version, until the next begins."""
    first, stale = [], 0
    ends = [began for began, _, _ in switched[1:]] + [float("inf")]
    for (began, done, version), end in zip(switched, ends, strict=True):
        during = [answer for answer in answers if began <= answer[0] < end]
        first.append(
            min((received - began for _, received, number in during if number == version), default=float("nan"))
        )
        stale += sum(number != version for sent, received, number in during if sent > done and received < end)
    line = f"{len(first)} switches under load ({CLIENTS} clients, {len(answers)} answers): told to first new answer"
    line += f" p50 {1000 * percentile(first, 0.5):.0f} ms  p99 {1000 * percentile(first, 0.99):.0f} ms"
    line += f"; asked after the switch but answered by the old version: {stale}; errors: {len(bad)}"
    return line + (f"\n  first error: {bad[0]}" if bad else "")


async def call(connection: Any, path: str, token: str, content: dict[str, Any]) -> tuple[int, Any]:
    reader, writer = connection
    body = json.dumps(content).encode()
    head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
    head += f"Authorization: Bearer {token}\r\nContent-Length: {len(body)}\r\n\r\n"
    writer.write(head.encode() + body)
    answer = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
    length = int(answer.split("content-length:")[1].split("\r\n")[0])
    return int(answer.split()[1]), json.loads(await reader.readexactly(length))


if __name__ == "__main__":
    if sys.argv[1:2] == [PREPARE]:
        prepare(Path(sys.argv[2]))
    else:
        main()
