"""A trainer process seen from outside: its lines, the end of its stderr, and how to stop it. Knows no Django."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from queue import Empty, Queue
from threading import Thread
from typing import IO

LINE_CHARACTERS_MAX = 1_000_000
STDERR_LINES_KEPT = 40
LINES_BUFFERED = 5_000
PIPE_DRAIN_SECONDS = 2.0


class TrainerProcess:
    """Runs a command in a process group of its own and reads both its pipes, so that it never blocks on them.

    A reader that falls behind by LINES_BUFFERED lines lets the pipe fill up: a trainer that floods its output waits
    for us and never fills our memory.
    """

    def __init__(self, command: Sequence[str], *, working_directory: Path) -> None:
        self._process = subprocess.Popen(
            list(command),
            cwd=working_directory,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            errors="replace",
            process_group=0,
        )
        self._lines: Queue[str] = Queue(LINES_BUFFERED)
        self._stderr: deque[str] = deque(maxlen=STDERR_LINES_KEPT)
        assert self._process.stdout is not None  # noqa: S101  (a pipe, as asked for above)
        assert self._process.stderr is not None  # noqa: S101
        self._heard_at = time.monotonic()
        self._stdout_pump = self._pump(self._process.stdout, self._lines.put)
        self._stderr_pump = self._pump(self._process.stderr, self._stderr.append)

    def _pump(self, pipe: IO[str], sink: Callable[[str], object]) -> Thread:
        def run() -> None:
            while line := pipe.readline(LINE_CHARACTERS_MAX):
                sink(line.rstrip("\n"))
                self._heard_at = time.monotonic()
            pipe.close()

        thread = Thread(target=run, daemon=True)
        thread.start()
        return thread

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def silent_seconds(self) -> float:
        """How long it has written no line; a line that waits for us, on either pipe, is no silence."""
        return time.monotonic() - self._heard_at if self._lines.empty() else 0.0

    def lines(self, *, wait: float, until: float, at_most: int = 500) -> list[str]:
        """Return the lines that have come: up to `wait` s for the first, for more until `until` (monotonic)."""
        found: list[str] = []
        deadline = time.monotonic() + wait
        while len(found) < at_most:
            try:
                found.append(self._lines.get(timeout=max(0.0, deadline - time.monotonic())))
            except Empty:
                break
            deadline = until
        return found

    def exit_code(self) -> int | None:
        """Return the exit status (negative: a signal) once the process has ended and all its lines have been taken."""
        code = self._process.poll()
        if code is None:
            return None
        self._stdout_pump.join(PIPE_DRAIN_SECONDS if self._lines.empty() else 0)  # a child of it may hold the pipe open
        return code if self._lines.empty() else None

    def stderr_tail(self) -> list[str]:
        self._stderr_pump.join(PIPE_DRAIN_SECONDS)
        return list(self._stderr)

    def ask_to_stop(self) -> None:
        """SIGTERM to the trainer: it stops at its next step."""
        self._process.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """SIGKILL to the whole group, with whatever the trainer has started, and collect it."""
        with suppress(ProcessLookupError):  # it has ended, and all of its children
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
