"""The supervisor of one training job: from a claimed row to a registered model version, or to the truth about why not.

It runs in any thread of a Celery worker and touches nothing but its job's row, its job's folder and its own child. If
the row turns out to belong to another attempt (LostJob), it kills the child and leaves without a word.
"""

from __future__ import annotations

import logging
import signal
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from threading import Event
from typing import Any, TypeVar

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection
from django.utils import timezone

from apps.core.errors import DomainError
from apps.registry import base_models
from apps.registry.models import ModelVersion
from apps.registry.services import discard_version
from apps.training import services
from apps.training.ending import end_job, fail_job
from apps.training.events import Draft, LostJob, record
from apps.training.models import JobStatus, TrainingJob
from apps.training.queue import WORKER_STOPPED
from workers.tasks.process import TrainerProcess
from workers.tasks.trainer_output import log, parse, summary_of

logger = logging.getLogger(__name__)

ROOT = Path(__file__).resolve().parents[2]
BATCH_SECONDS = 0.2
CANCEL_LOOK_SECONDS = 1.0
POLITE_SECONDS = 30.0
DATABASE_PATIENCE_SECONDS = 120.0
EXIT_FINISHED, EXIT_STOPPED = 0, 3

T = TypeVar("T")

worker_is_stopping = Event()
"""Set when the Celery worker shuts down: every supervisor then asks its trainer to stop and gives the job back."""


def trainer_command(job: TrainingJob) -> list[str]:
    return [sys.executable, "-m", "workers.trainers", str(job.directory)]


class JobSupervisor:
    """Follows one trainer process and writes what it says; `command` is for tests that need a trainer which fails."""

    def __init__(self, job: TrainingJob, *, command: Sequence[str] | None = None) -> None:
        self.job = job
        self.command = command or trainer_command(job)
        self._told: dict[str, Draft] = {}  # the last event of each kind that decides how the job ended
        self._asked_to_stop_at: float | None = None
        self._is_hanging = False
        self._beaten_at = self._looked_at = self._written_at = time.monotonic()

    def run(self) -> None:
        """Train, and leave the job in a final state or back in the queue."""
        if not base_models.is_available(self.job.base_model):  # taken off the list while the job waited
            self._fail(_not_offered(self.job), [])
            return
        self.job.directory.mkdir(parents=True, exist_ok=True)
        (self.job.directory / "spec.json").write_text(services.spec_of(self.job).to_json(), encoding="utf-8")
        process = TrainerProcess(self.command, working_directory=ROOT)
        try:
            code = self._follow(process)
            self._end(code, process)
        except LostJob:
            logger.warning("Job %s, attempt %s belongs to somebody else now; leaving", self.job.pk, self.job.attempt)
        finally:
            process.kill()

    # --- while it runs ----------------------------------------------------------------------------------------------

    def _follow(self, process: TrainerProcess) -> int:
        while (code := process.exit_code()) is None:
            drafts = [
                draft
                for line in process.lines(wait=BATCH_SECONDS, until=self._written_at + BATCH_SECONDS)
                if (draft := parse(line))
            ]
            if drafts:
                self._write(drafts)
            self._beat()
            self._pass_on_stop(process)
        return code

    def _write(self, drafts: list[Draft]) -> None:
        self._told.update({draft.kind: draft for draft in drafts if draft.kind in {"finished", "failed", "cancelled"}})
        columns = summary_of(drafts) | {"heartbeat_at": timezone.now()}
        patiently(lambda: record(self.job, drafts, **columns))
        self._written_at = self._beaten_at = time.monotonic()

    def _beat(self) -> None:
        if time.monotonic() - self._beaten_at >= settings.HEARTBEAT_SECONDS:
            patiently(lambda: record(self.job, heartbeat_at=timezone.now()))
            self._beaten_at = time.monotonic()

    def _pass_on_stop(self, process: TrainerProcess) -> None:
        now = time.monotonic()
        if self._asked_to_stop_at is None:
            self._is_hanging = process.silent_seconds > settings.TRAINER_SILENT_SECONDS
            if self._is_hanging or self._is_to_stop(now):
                self._asked_to_stop_at = now
                process.ask_to_stop()
        elif now - self._asked_to_stop_at > POLITE_SECONDS:
            logger.warning(
                "Trainer %s of job %s did not stop in %s s: killed", process.pid, self.job.pk, POLITE_SECONDS
            )
            process.kill()

    def _is_to_stop(self, now: float) -> bool:
        if now - self._looked_at >= CANCEL_LOOK_SECONDS:
            self._looked_at = now
            self._look_for_cancel()
        return self.job.cancel_requested_at is not None or worker_is_stopping.is_set()

    def _look_for_cancel(self) -> None:
        row = TrainingJob.objects.filter(pk=self.job.pk)
        self.job.cancel_requested_at = patiently(lambda: row.values_list("cancel_requested_at", flat=True).first())

    # --- how it ended -----------------------------------------------------------------------------------------------

    def _end(self, code: int, process: TrainerProcess) -> None:
        self._look_for_cancel()
        if code == EXIT_FINISHED and "finished" in self._told:
            self._register(self._told["finished"].payload)
        elif self.job.cancel_requested_at:
            told = [] if "cancelled" in self._told else [Draft("cancelled", {"step": self.job.step})]
            patiently(lambda: end_job(self.job, JobStatus.CANCELLED, drafts=told))
        elif self._is_hanging:
            self._fail(_silence(), process.stderr_tail())
        elif code == EXIT_STOPPED or worker_is_stopping.is_set():
            patiently(lambda: services.give_back_job(self.job, reason=WORKER_STOPPED))
        else:
            self._fail(self._diagnosis(code), process.stderr_tail())

    def _register(self, result: dict[str, Any]) -> None:
        """Make the model version from what the trainer said it has written; what it said is checked there."""
        patiently(lambda: record(self.job, heartbeat_at=timezone.now()))
        try:
            version = patiently(lambda: self._prepare(result))
        except (DomainError, OSError) as problem:
            logger.exception("Job %s: its result could not be registered", self.job.pk)
            self._fail(_not_registered(problem), [])
            return
        with ExitStack() as undo:
            undo.callback(discard_version, version.pk)
            patiently(lambda: services.succeed_job(self.job, version=version))
            undo.pop_all()

    def _prepare(self, result: dict[str, Any]) -> ModelVersion:
        return services.prepare_result(
            self.job,
            adapter_dir=self.job.directory / str(result.get("adapter_dir", "output")),
            adapter_sha256=str(result.get("adapter_sha256", "")),
            metrics=result.get("metrics"),
        )

    def _diagnosis(self, code: int) -> dict[str, Any]:
        if "failed" in self._told:
            return self._told["failed"].payload
        remedy = "The last lines of its error output are in the log below."
        if code == -signal.SIGKILL:
            return {
                "code": "trainer_killed",
                "message": "The operating system killed the trainer (signal 9).",
                "remedy": "Usually the machine ran out of memory. Use a smaller batch or fewer jobs at once.",
            }
        if code < 0:
            message = f"The trainer died of signal {-code}."
        elif code == EXIT_FINISHED:
            message = "The trainer ended without a result."
        else:
            message = f"The trainer ended unexpectedly with exit status {code}."
        return {"code": "trainer_died", "message": message, "remedy": remedy}

    def _fail(self, problem: dict[str, Any], stderr: list[str]) -> None:
        drafts = [log("\n".join(stderr), level="error")] if stderr else []
        is_told = "failed" in self._told
        patiently(lambda: fail_job(self.job, problem, drafts=drafts, is_told=is_told))


def _not_offered(job: TrainingJob) -> dict[str, Any]:
    return {
        "code": "invalid_base_model",
        "message": f"The base model {job.base_model} is not one of BASE_MODELS.",
        "remedy": "Choose another base model, or let the operator add it to the setting BASE_MODELS.",
    }


def _not_registered(problem: DomainError | OSError) -> dict[str, Any]:
    if isinstance(problem, OSError):
        remedy = "Free some disk space and submit the job again."
        return {"code": "storage_error", "message": str(problem), "remedy": remedy}
    return {"code": "registration_failed", "message": str(problem), "remedy": "Submit the job again."}


def _silence() -> dict[str, Any]:
    return {
        "code": "trainer_silent",
        "message": f"The trainer wrote nothing for {settings.TRAINER_SILENT_SECONDS:g} s and was stopped.",
        "remedy": "Submit the job again. If it hangs again, raise TRAINER_SILENT_SECONDS or use a smaller base model.",
    }


def patiently(work: Callable[[], T]) -> T:
    """Do `work` on the database, again and again while it is away, for DATABASE_PATIENCE_SECONDS at most."""
    until = time.monotonic() + DATABASE_PATIENCE_SECONDS
    while True:
        try:
            return work()
        except (OperationalError, InterfaceError) as error:
            if time.monotonic() > until or connection.in_atomic_block:
                raise
            logger.warning("The database is away, trying again: %s", error)
            connection.close()
            time.sleep(0.5)
