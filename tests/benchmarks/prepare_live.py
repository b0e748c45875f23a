"""The other processes of bench_live: the one that fills the database, the one that trains.

python -m tests.benchmarks.prepare_live prepare|train
"""

from __future__ import annotations

import sys

EVENTS = 120
EVENTS_PER_SECOND = 8
TRAINER = f"""
import json, time
for step in range(1, {EVENTS} + 1):
    payload = {{"step": step, "total_steps": {EVENTS}, "loss": 1 / step, "learning_rate": 1e-3, "printed": time.time()}}
    print(json.dumps({{"seq": step, "kind": "progress", "at": "", "payload": payload}}), flush=True)
    time.sleep(1 / {EVENTS_PER_SECOND})
"""


def prepare() -> None:
    """Make a user with a session and a job that waits for its supervisor; print the session key and the job's id."""
    from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.sessions.backends.db import SessionStore
    from django.core.management import call_command
    from django.utils import timezone

    from apps.datasets.models import DatasetVersion
    from apps.datasets.services import create_dataset
    from apps.registry.services import model_for_dataset
    from apps.training.models import TrainingJob
    from apps.users.models import User

    call_command("migrate", verbosity=0)
    user = User.objects.create_superuser("bench", "correct horse battery")
    backend = "django.contrib.auth.backends.ModelBackend"
    session = SessionStore()
    session.update(
        {SESSION_KEY: str(user.pk), HASH_SESSION_KEY: user.get_session_auth_hash(), "_auth_user_backend": backend}
    )
    session.save()
    dataset = create_dataset(name="bench", preset="bank_branches", actor=user)
    version = DatasetVersion.objects.create(dataset=dataset, number=1, source_bytes=0, created_by=user)
    model = model_for_dataset(dataset, actor=user)
    job = TrainingJob.objects.create(
        name="bench", dataset_version=version, model=model, status="starting", heartbeat_at=timezone.now()
    )
    print(session.session_key, job.pk)


def train() -> None:
    """Supervise the stand-in trainer to its end."""
    from apps.training.models import TrainingJob
    from apps.training.services import claim_job
    from workers.tasks.supervisor import JobSupervisor

    job = claim_job(str(TrainingJob.objects.get().pk), host="bench")
    assert job is not None
    JobSupervisor(job, command=[sys.executable, "-c", TRAINER]).run()


if __name__ == "__main__":
    import django

    import mozhu  # noqa: F401

    django.setup()
    {"prepare": prepare, "train": train}[sys.argv[1]]()
