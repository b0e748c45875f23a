"""POST /api/v1/qa/ask with 50 clients over 150,000 rows: the real web process, client and server on the same cores.

Every question is another row's; half of them are full names, half are worded. The generation engine is not running
(what the rules leave open is then decided by the index alone), so this measures the path that most questions take.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path

from apps.core.embedded import valkey_command
from tests.benchmarks.machine import ROOT, describe, directory_csv, names_in, percentile
from tests.e2e.product import free_port

CLIENTS = 50
WARM_UP_SECONDS = 3.0
SECONDS = 15.0
POSTGRES_URL = os.environ.get("MOZHU_BENCH_POSTGRES", "postgres://postgres@127.0.0.1:5432/mozhu_bench")
WORDINGS = ("{}", "{}", "请问{}的联行号是多少", "{}的清算行行号")


def main() -> None:
    print(describe())
    print(f"{CLIENTS} clients, {SECONDS:.0f} s each")
    with tempfile.TemporaryDirectory(prefix="mozhu-bench-") as scratch:
        directory = directory_csv(Path(scratch) / "directory.csv")
        for label, url in (("SQLite", f"sqlite:///{scratch}/db.sqlite3"), ("PostgreSQL", POSTGRES_URL)):
            print(f"{label:<11}", end=" ", flush=True)
            try:
                print(measure(url, directory=directory, scratch=Path(scratch) / label))
            except (subprocess.CalledProcessError, OSError) as error:
                print(f"not measured: {error}")


def measure(database_url: str, *, directory: Path, scratch: Path) -> str:
    """Prepare a database, serve it, load it; returns the line of figures."""
    scratch.mkdir()
    environment = {
        **os.environ,
        "VAR_DIR": str(scratch),
        "DATABASE_URL": database_url,
        "SECRET_KEY": secrets.token_urlsafe(64),
        "REDIS_URL": f"unix://{scratch}/valkey.sock",
        "ENGINE_URL": "http://127.0.0.1:9",
        "DJANGO_SETTINGS_MODULE": "mozhu.settings",
    }
    with ExitStack() as stack:
        if "postgres" in database_url:
            stack.enter_context(fresh_postgres(database_url))
        stack.enter_context(running(valkey_command(scratch / "valkey.sock"), environment))
        prepare = [sys.executable, "-m", "tests.benchmarks.prepare_ask", str(directory)]
        done = subprocess.run(prepare, cwd=ROOT, env=environment, check=True, capture_output=True, text=True)
        token = done.stdout.split()[-1]
        port = free_port()
        stack.enter_context(running(web_command(port), environment))
        wait_until_served(port)
        return asyncio.run(load(port, token, names_in(directory)))


async def load(port: int, token: str, names: list[str]) -> str:
    """Ask with CLIENTS keep-alive connections for SECONDS after a warm-up; returns the line of figures."""
    took: list[float] = []
    bad: list[str] = []
    outcomes: dict[str, int] = {}
    begin = time.monotonic() + WARM_UP_SECONDS

    async def client(seed: int) -> None:
        chooser = random.Random(seed)
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while time.monotonic() < begin + SECONDS:
            question = chooser.choice(WORDINGS).format(chooser.choice(names))
            sent = time.monotonic()
            status, body = await post(reader, writer, token, question)
            if sent < begin:
                continue
            took.append(time.monotonic() - sent)
            if status != 200:
                bad.append(body.decode()[:200])
            else:
                outcome = json.loads(body)["outcome"]
                outcomes[outcome] = outcomes.get(outcome, 0) + 1
        writer.close()

    await asyncio.gather(*(client(seed) for seed in range(CLIENTS)))
    line = f"{len(took) / SECONDS:6.0f} requests/s  p50 {1000 * percentile(took, 0.5):5.0f} ms"
    line += f"  p99 {1000 * percentile(took, 0.99):5.0f} ms  errors {len(bad)}  {outcomes}"
    return line + (f"\n  first error: {bad[0]}" if bad else "")


async def post(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, token: str, question: str
) -> tuple[int, bytes]:
    body = json.dumps({"question": question}).encode()
    head = (
        "POST /api/v1/qa/ask HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        f"Authorization: Bearer {token}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    writer.write(head.encode() + body)
    answer = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
    length = int(answer.split("content-length:")[1].split("\r\n")[0])
    return int(answer.split()[1]), await reader.readexactly(length)


def web_command(port: int) -> list[str]:
    return [sys.executable, "-m", "daphne", "-b", "127.0.0.1", "-p", str(port), "mozhu.asgi:application"]


@contextmanager
def running(command: list[str], environment: dict[str, str]):
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(20)


@contextmanager
def fresh_postgres(url: str):
    """Make the database of `url` anew and drop it afterwards; raises OSError when there is no server or no client."""
    name = url.rsplit("/", 1)[1]
    if shutil.which("psql") is None:
        raise OSError("no psql on this machine")
    admin = ["psql", "-q", url.rsplit("/", 1)[0] + "/postgres", "-c"]
    for statement in (f"DROP DATABASE IF EXISTS {name} WITH (FORCE)", f"CREATE DATABASE {name}"):
        subprocess.run([*admin, statement], check=True, capture_output=True)
    try:
        yield
    finally:
        subprocess.run([*admin, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"], check=False, capture_output=True)


def wait_until_served(port: int) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise OSError("the web process did not start")


if __name__ == "__main__":
    main()
