"""The border between a trainer and whoever started it: a folder, events going out, a wish to stop coming in."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Any, TextIO

from workers.trainers.configs import TrainingSpec
from workers.trainers.errors import SpecError

SIGN_OF_LIFE_SECONDS = 30.0


class Stopped(Exception):
    """The job was asked to stop, or the process that started it is gone; raised between two steps."""


class Job:
    """A job folder while its trainer runs. Events go to `events.jsonl` and to standard output, each flushed at once."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.output = folder / "output"
        self.step = 0  # the last completed optimiser step
        self._parent = os.getppid()
        self._stop_wanted = False
        self._sequence = 0
        self._said_at = time.monotonic()
        self._log = (folder / "events.jsonl").open("w", encoding="utf-8")

    def stop_on_sigterm(self) -> None:
        signal.signal(signal.SIGTERM, self._on_sigterm)

    def _on_sigterm(self, number: int, frame: FrameType | None) -> None:
        self._stop_wanted = True

    def check(self) -> None:
        """Call between steps. Raises Stopped after SIGTERM, and when the parent process has changed: nobody listens.

        After a long silence it prints an empty line, so that the supervisor can tell slow from dead.
        """
        if self._stop_wanted or os.getppid() != self._parent:
            raise Stopped
        if time.monotonic() - self._said_at > SIGN_OF_LIFE_SECONDS:
            self._say("")

    def read_spec(self) -> TrainingSpec:
        """Raises SpecError."""
        try:
            return TrainingSpec.from_json((self.folder / "spec.json").read_text(encoding="utf-8"))
        except (OSError, ValueError, TypeError) as error:
            raise SpecError(f"spec.json cannot be used: {error}", remedy="Submit the job again.") from error

    def emit(self, kind: str, **payload: Any) -> None:
        """Write one event. A broken pipe means that nobody listens any more: the job stops at the next check."""
        self._sequence += 1
        at = datetime.now(UTC).isoformat(timespec="milliseconds")
        line = json.dumps({"seq": self._sequence, "kind": kind, "at": at, "payload": payload}, ensure_ascii=False)
        _write(self._log, line)
        self._say(line)

    def _say(self, line: str) -> None:
        self._said_at = time.monotonic()
        try:
            _write(sys.stdout, line)
        except BrokenPipeError:
            self._stop_wanted = True
            sys.stdout = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - open until the process ends

    def log(self, message: str, *, level: str = "info", **values: int | str) -> None:
        """Log one of messages.LOG_MESSAGES with the values of its {names}."""
        self.emit("log", level=level, message=message, values=values)


def _write(stream: TextIO, line: str) -> None:
    stream.write(line + "\n")
    stream.flush()
