"""`python -m workers.trainers JOB_DIR`: run the job that JOB_DIR/spec.json describes.

Exit status: 0 finished, 1 failed, 3 cancelled or orphaned. The events say why.
"""

from __future__ import annotations

import argparse
import os
import sys
import traceback
from importlib import import_module
from pathlib import Path

from workers.trainers.configs import TRAINERS
from workers.trainers.errors import TrainerError
from workers.trainers.job import Job, Stopped

FINISHED, FAILED, STOPPED = 0, 1, 3


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m workers.trainers", description=__doc__)
    parser.add_argument("job_dir", type=Path)
    folder: Path = parser.parse_args().job_dir
    if not folder.is_dir():
        parser.error(f"{folder} is no folder")
    # Read when torch is loaded: waiting threads sleep. Several jobs at once would spin each other to a halt.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    sys.stdout.reconfigure(encoding="utf-8")  # type: ignore[union-attr]
    job = Job(folder)
    job.stop_on_sigterm()
    return run(job)


def run(job: Job) -> int:
    """Run the job to its end and return the exit status. Every way to end leaves an event."""
    try:
        spec = job.read_spec()
        module, _, name = TRAINERS[spec.kind].rpartition(".")
        getattr(import_module(module), name)(spec, job)
    except Stopped:
        job.emit("cancelled", step=job.step)
        return STOPPED
    except TrainerError as error:
        job.emit("failed", code=error.code, message=error.message, remedy=error.remedy)
        return FAILED
    except Exception as error:  # noqa: BLE001 - the outer edge of the process: the supervisor must hear of everything
        traceback.print_exc()
        remedy = "This is a fault of the trainer; the traceback is in the job's error log."
        job.emit("failed", code="unexpected", message=f"{type(error).__name__}: {error}", remedy=remedy)
        return FAILED
    return FINISHED


if __name__ == "__main__":
    sys.exit(main())
