"""From the line that a trainer prints to the frame that a browser's socket receives, with 1, 50 and 200 watchers.

The whole way: pipe, supervisor (gathers lines for up to 0.2 s), rows, doorbell, the web process's tailer, WebSocket.
The trainer is a stand-in that prints the clock; supervisor, database, broker and web process are the real ones.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from autobahn.asyncio.websocket import WebSocketClientFactory, WebSocketClientProtocol

from apps.core.embedded import valkey_command
from tests.benchmarks.bench_ask import running, wait_until_served, web_command
from tests.benchmarks.machine import ROOT, describe, percentile
from tests.benchmarks.prepare_live import EVENTS, EVENTS_PER_SECOND
from tests.e2e.product import free_port

WATCHERS = (1, 50, 200)


def main() -> None:
    print(describe())
    print(f"{EVENTS_PER_SECOND} events/s, {EVENTS} events; supervisor, web process and watchers on the same machine")
    for count in WATCHERS:
        with tempfile.TemporaryDirectory(prefix="mozhu-bench-") as scratch, ExitStack() as stack:
            environment = {
                **os.environ,
                "VAR_DIR": scratch,
                "DATABASE_URL": f"sqlite:///{scratch}/db.sqlite3",
                "REDIS_URL": f"unix://{scratch}/valkey.sock",
                "DJANGO_SETTINGS_MODULE": "mozhu.settings",
            }
            stack.enter_context(running(valkey_command(Path(scratch) / "valkey.sock"), environment))
            session, job = _run("prepare", environment)
            port = free_port()
            stack.enter_context(running(web_command(port), environment))
            wait_until_served(port)
            print(asyncio.run(watch(count, port=port, session=session, job=job, environment=environment)), flush=True)


def _run(verb: str, environment: dict[str, str]) -> list[str]:
    command = [sys.executable, "-m", "tests.benchmarks.prepare_live", verb]
    done = subprocess.run(command, cwd=ROOT, env=environment, check=True, stdout=subprocess.PIPE, text=True)
    return done.stdout.split()[-2:]


class Watcher(WebSocketClientProtocol):
    """Notes how old each event is when it arrives, and whether any is missing or comes twice."""

    def onMessage(self, payload: bytes, isBinary: bool) -> None:  # noqa: N803
        now = time.time()
        frame = json.loads(payload)
        watch: dict[str, Any] = self.factory.watch
        if frame["type"] == "snapshot":
            watch["ready"] += 1
        for event in frame.get("events", []) if frame["type"] == "events" else []:
            watch["gaps"] += event["seq"] != frame["cursor"] - len(frame["events"]) + 1 + frame["events"].index(event)
            if event["kind"] == "progress":
                watch["ages"].append(now - event["payload"]["printed"])


async def watch(count: int, *, port: int, session: str, job: str, environment: dict[str, str]) -> str:
    """Open `count` sockets, train, and return the line of figures."""
    seen: dict[str, Any] = {"ready": 0, "ages": [], "gaps": 0}
    loop = asyncio.get_running_loop()
    for _ in range(count):
        address = f"ws://127.0.0.1:{port}/ws/training/jobs/{job}/"
        headers = {"Cookie": f"sessionid={session}", "Origin": f"http://127.0.0.1:{port}"}
        factory = WebSocketClientFactory(address, headers=headers)
        factory.protocol, factory.watch = Watcher, seen
        await loop.create_connection(factory, "127.0.0.1", port)
    while seen["ready"] < count:
        await asyncio.sleep(0.05)
    command = [sys.executable, "-m", "tests.benchmarks.prepare_live", "train"]
    training = await asyncio.create_subprocess_exec(*command, cwd=ROOT, env=environment)
    await training.wait()
    await asyncio.sleep(2)
    ages = seen["ages"]
    whole = "every event once" if len(ages) == count * EVENTS and not seen["gaps"] else f"LOST OR DOUBLED: {len(ages)}"
    figures = "  ".join(f"{name} {1000 * percentile(ages, share):4.0f} ms" for name, share in FIGURES)
    return f"{count:4} watchers  {figures}  {whole}"


FIGURES = (("p50", 0.5), ("p99", 0.99), ("slowest", 1.0))


if __name__ == "__main__":
    main()
