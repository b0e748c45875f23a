"""A real Celery worker, with a trainer that counts steps slowly and ends when its parent does. Run as a program.

python -m tests.training.killable_worker STEPS
"""

from __future__ import annotations

import sys

TRAINER = """
import json, os, sys, time
parent = os.getppid()
def say(kind, **payload):
    print(json.dumps({"seq": 1, "kind": kind, "at": "", "payload": payload}), flush=True)
say("started", pid=os.getpid())
for step in range(1, int(sys.argv[1]) + 1):
    if os.getppid() != parent:
        sys.exit(3)
    say("progress", step=step, total_steps=int(sys.argv[1]), loss=1 / step)
    time.sleep(0.1)
say("failed", code="end_of_test", message="All steps done.", remedy="None.")
sys.exit(1)
"""


def main() -> None:
    import django

    from mozhu import celery_app

    django.setup()
    from workers.tasks import supervisor

    supervisor.trainer_command = lambda job: [sys.executable, "-c", TRAINER, sys.argv[1]]
    celery_app.worker_main(["worker", "--pool", "threads", "--concurrency", "5", "-Q", "training", "-l", "warning"])


if __name__ == "__main__":
    main()
