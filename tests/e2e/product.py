"""The whole product as a child process, for tests that look at it from outside."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 120


@dataclass(frozen=True)
class Product:
    """A running `manage.py up` and the environment to run further commands in."""

    address: str
    environment: dict[str, str]

    def manage(self, *arguments: str) -> str:
        """Run a management command against the same data; returns what it printed."""
        command = [sys.executable, "manage.py", *arguments]
        done = subprocess.run(command, cwd=ROOT, env=self.environment, capture_output=True, text=True, check=True)
        return done.stdout

    def make_user(self, name: str, role: str, password: str) -> None:
        self.manage(
            "shell", "--no-imports", "-c",
            "from apps.users.models import User; from apps.users.services import give_role; "
            f"give_role(User.objects.create_user({name!r}, {password!r}), {role!r})",
        )  # fmt: skip


@contextmanager
def running_product(var_dir: Path, **environment: str) -> Iterator[Product]:
    """Start everything embedded on a free port and stop it at the end as Ctrl-C does."""
    port = free_port()
    inherited = {
        key: value for key, value in os.environ.items() if key not in {"ENGINE_URL", "REDIS_URL", "DATABASE_URL"}
    }
    everything = {**inherited, "VAR_DIR": str(var_dir), **environment}
    command = [sys.executable, "manage.py", "up", "--port", str(port)]
    with (var_dir / "up.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=ROOT, env=everything, stdout=log, stderr=subprocess.STDOUT)
    try:
        address = f"http://127.0.0.1:{port}"
        _wait_until_up(address, process, log=var_dir / "up.log")
        yield Product(address, everything)
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(60)


def free_port() -> int:
    """Return a port that is free together with the one above it (the engine's)."""
    while True:
        with socket.socket() as probe, socket.socket() as above:
            probe.bind(("127.0.0.1", 0))
            port = int(probe.getsockname()[1])
            try:
                above.bind(("127.0.0.1", port + 1))
            except OSError:
                continue
            return port


def _wait_until_up(address: str, process: subprocess.Popen[bytes], *, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if httpx.get(f"{address}/healthz", timeout=2).status_code == httpx.codes.OK:
                return
        except httpx.TransportError:
            time.sleep(0.3)
    raise RuntimeError(f"The product did not start:\n{log.read_text(errors='replace')}")
