"""A small process supervisor: starts children in order, restarts what dies, stops all in the opposite order."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

READY_SECONDS = 90.0
RESTART_PAUSES = (0.5, 1.0, 2.0, 5.0, 10.0)
STEADY_SECONDS = 60.0
PR_SET_PDEATHSIG = 1


@dataclass
class Service:
    """One child process. `is_ready` is asked after the start; None means: running is ready."""

    name: str
    command: Sequence[str]
    is_ready: Callable[[], bool] | None = None
    stop_seconds: float = 12.0
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    deaths: int = 0
    restart_at: float | None = None


class StartFailed(RuntimeError):
    """A child did not become ready; the message carries the end of its log."""


@dataclass
class Supervisor:
    """Runs `services` with `environment`, their output in `log_directory`/<name>.log; `say` tells the operator."""

    services: Sequence[Service]
    log_directory: Path
    environment: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    working_directory: Path = field(default_factory=Path.cwd)
    say: Callable[[str], None] = lambda line: None

    def start(self) -> None:
        """Start every service and wait until each is ready; raises StartFailed otherwise (the caller then stops)."""
        self.log_directory.mkdir(parents=True, exist_ok=True)
        for service in self.services:
            self._launch(service)
            self._await_ready(service)

    def tend(self) -> None:
        """Restart what has died, each after a pause that grows with its deaths. Call about once a second."""
        for service in self.services:
            if service.process is None or service.process.poll() is None:
                continue
            if service.restart_at is None:
                self._plan_restart(service)
            elif time.monotonic() >= service.restart_at:
                self._launch(service)

    def watch(self) -> None:
        """Tend until interrupted."""
        while True:
            self.tend()
            time.sleep(0.5)

    def stop(self) -> None:
        """Stop all in the opposite order of their start: politely first, by force after a while."""
        for service in reversed(self.services):
            if service.process and service.process.poll() is None:
                service.process.terminate()
                try:
                    service.process.wait(service.stop_seconds)
                except subprocess.TimeoutExpired:
                    service.process.kill()
                    service.process.wait()

    def log_of(self, service: Service) -> Path:
        return self.log_directory / f"{service.name}.log"

    def _launch(self, service: Service) -> None:
        with self.log_of(service).open("ab") as output:
            service.process = subprocess.Popen(
                service.command,
                stdout=output,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                env=dict(self.environment),
                cwd=self.working_directory,
                start_new_session=True,
                preexec_fn=_die_with_parent if sys.platform == "linux" else None,
            )
        service.started_at, service.restart_at = time.monotonic(), None

    def _await_ready(self, service: Service) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while service.is_ready and not service.is_ready():
            dead = service.process is None or service.process.poll() is not None
            if dead or time.monotonic() > deadline:
                tail = self.log_of(service).read_text(errors="replace")[-1500:]
                raise StartFailed(f"{service.name} did not start. The end of {self.log_of(service)}:\n{tail}")
            time.sleep(0.1)

    def _plan_restart(self, service: Service) -> None:
        now = time.monotonic()
        service.deaths = 1 if now - service.started_at > STEADY_SECONDS else service.deaths + 1
        pause = RESTART_PAUSES[min(service.deaths, len(RESTART_PAUSES)) - 1]
        service.restart_at = now + pause
        status = service.process.returncode if service.process else None
        self.say(
            f"{service.name} ended (status {status}); starting it again in {pause:g} s, log: {self.log_of(service)}"
        )


def _die_with_parent() -> None:
    """Ask the kernel to end this child should the supervisor itself be killed, so that no port stays taken."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
