"""Trainers that die, babble, hang or lie; the real trainer is exercised in tests/workers/trainers and tests/e2e."""

from __future__ import annotations

import errno
import hashlib
import subprocess
import threading
import time

import pytest
from django.db import OperationalError, connection
from django.utils import timezone

from apps.registry.models import ModelVersion
from apps.training import events, services
from apps.training.models import TrainingEvent, TrainingJob
from workers.tasks import supervisor
from workers.tasks.supervisor import JobSupervisor
from workers.trainers.configs import TrainingSpec

pytestmark = pytest.mark.django_db(transaction=True)

WEIGHTS = b"weights"
FINISH = f"""
folder = sys.argv[1]
os.makedirs(folder + "/output/adapter", exist_ok=True)
open(folder + "/output/adapter/adapter_model.safetensors", "wb").write({WEIGHTS!r})
open(folder + "/output/adapter/adapter_config.json", "w").write("{{}}")
say("finished", adapter_dir="output/adapter", adapter_sha256={hashlib.sha256(WEIGHTS).hexdigest()!r}, seconds=1,
    metrics={{"tuned": {{"slot_exact_match": 0.9}}}})
"""


@pytest.fixture(autouse=True)
def impatient(settings, monkeypatch, tmp_path):
    settings.VAR_DIR = tmp_path / "var"
    settings.HEARTBEAT_SECONDS = 0.2
    monkeypatch.setattr(supervisor, "CANCEL_LOOK_SECONDS", 0.1)
    monkeypatch.setattr(supervisor, "POLITE_SECONDS", 1.0)


@pytest.fixture
def supervise(make_job, trainer):
    """Return a function that runs a fake trainer (the body of a program) to its end and gives the job after it."""

    def run(body, *, during=None, again=None, **fields) -> TrainingJob:
        if again:
            again.refresh_from_db()
            again.move_to("starting", heartbeat_at=timezone.now())
        job = services.claim_job(str((again or make_job("starting", **fields)).pk), host="here")
        thread = threading.Thread(target=_during, args=(during, job)) if during else None
        if thread:
            thread.start()
        JobSupervisor(job, command=[*trainer(body), str(job.directory)]).run()
        if thread:
            thread.join()
        return TrainingJob.objects.get(pk=job.pk)

    return run


def _during(action, job):
    try:
        action(job)
    finally:
        connection.close()


def until(condition, seconds=10.0):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


def has_event(job, kind):
    return TrainingEvent.objects.filter(job=job, kind=kind).exists()


def told(job):
    return list(job.events.order_by("seq").values_list("kind", flat=True))


def logged(job):
    return "\n".join(event.payload["message"] for event in job.events.filter(kind="log"))


def is_alive(pid):
    listing = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return bool(listing.stdout.strip()) and not listing.stdout.startswith("Z")


def test_a_good_run_ends_in_a_registered_version_with_all_its_lineage(supervise, dataset_version, administrator):
    body = 'say("started", pid=os.getpid())\nfor n in range(1, 4): say("progress", step=n, total_steps=3, loss=1/n)\n'
    job = supervise(body + FINISH, parameters={"r": 4}, seed=9)
    assert (job.status, job.step, job.percent, job.error_code) == ("succeeded", 3, 100, "")
    assert told(job) == ["attempt", "started", "progress", "progress", "progress", "finished"]
    version = ModelVersion.objects.get()
    assert job.model_version == version
    assert (version.dataset_version, version.base_model, version.created_by) == (
        dataset_version,
        job.base_model,
        administrator,
    )
    assert (version.parameters["r"], version.parameters["seed"]) == (4, 9)
    assert version.metric("tuned", "slot_exact_match") == 0.9
    assert (version.adapter_directory / "adapter_model.safetensors").read_bytes() == WEIGHTS


def test_the_trainer_finds_its_spec_in_the_folder_of_its_attempt(supervise):
    job = supervise("print(open(sys.argv[1] + '/spec.json').read())", attempt=2)
    assert job.directory.name == "attempt-2"
    assert TrainingSpec.from_json((job.directory / "spec.json").read_text()).job_id == str(job.pk)


def test_a_failure_that_the_trainer_explains_is_told_in_its_words(supervise):
    job = supervise('say("failed", code="no_data", message="No rows.", remedy="Upload some."); sys.exit(1)')
    assert (job.status, job.error_code, job.error_message, job.remedy) == (
        "failed",
        "no_data",
        "No rows.",
        "Upload some.",
    )
    assert told(job) == ["attempt", "failed"]


def test_a_trainer_that_dies_without_a_word_leaves_its_last_words_in_the_log(supervise):
    job = supervise('raise ValueError("the last words")')
    assert (job.status, job.error_code) == ("failed", "trainer_died")
    assert "the last words" in logged(job)
    assert told(job)[-1] == "failed"


def test_a_trainer_killed_by_the_system_is_diagnosed(supervise):
    job = supervise("os.kill(os.getpid(), signal.SIGKILL)")
    assert (job.status, job.error_code) == ("failed", "trainer_killed")
    assert "memory" in job.remedy


def test_success_without_a_result_is_a_failure(supervise):
    assert supervise('say("progress", step=1, total_steps=1)').error_code == "trainer_died"


def test_an_adapter_that_is_not_what_the_trainer_said_is_not_registered(supervise):
    job = supervise(FINISH.replace(hashlib.sha256(WEIGHTS).hexdigest(), "0" * 64))
    assert (job.status, job.error_code, job.remedy) == ("failed", "registration_failed", "Submit the job again.")
    assert not ModelVersion.objects.exists()


def test_a_disk_that_takes_no_adapter_is_named_as_the_cause(supervise, monkeypatch):
    def full(*args, **kwargs):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(services, "prepare_result", full)
    job = supervise(FINISH)
    assert (job.status, job.error_code) == ("failed", "storage_error")
    assert "No space left" in job.error_message
    assert "disk" in job.remedy


class Killed(BaseException):
    """Stands for the kill of a worker: nobody catches it."""


def test_a_kill_between_registration_and_the_end_of_the_job_leaves_neither_and_the_next_attempt_one(
    supervise, make_job, monkeypatch, settings, sent
):
    real = TrainingJob.move_to

    def killed(job, status, **fields):
        if status == "succeeded":
            raise Killed
        real(job, status, **fields)

    with monkeypatch.context() as patched:
        patched.setattr(TrainingJob, "move_to", killed)
        patched.setattr(supervisor, "discard_version", lambda version_id: None)  # killed: it tidies nothing up
        with pytest.raises(Killed):
            supervise(FINISH)
    job = TrainingJob.objects.get()
    assert (job.status, ModelVersion.objects.count()) == ("running", 0)
    assert len(list((settings.VAR_DIR / "models").iterdir())) == 1  # the orphan

    services.give_back_job(job, reason="heartbeat_lost")
    job = supervise(FINISH, again=job)
    assert (job.status, job.attempt) == ("succeeded", 2)
    assert ModelVersion.objects.get() == job.model_version
    assert [path.name for path in (settings.VAR_DIR / "models").iterdir()] == [str(job.model_version_id)]


@pytest.mark.parametrize("name", ["prepare_result", "succeed_job"])
def test_a_database_that_is_away_for_a_moment_loses_no_result(supervise, monkeypatch, name):
    real, failures = getattr(services, name), iter([OperationalError("away")] * 2)

    def flaky(*args, **kwargs):
        if problem := next(failures, None):
            raise problem
        return real(*args, **kwargs)

    monkeypatch.setattr(services, name, flaky)
    job = supervise(FINISH)
    assert job.status == "succeeded"
    assert ModelVersion.objects.get() == job.model_version


def test_a_connection_that_breaks_behind_the_commit_registers_once(supervise, monkeypatch):
    real, failures = services.succeed_job, iter([OperationalError("no answer to the commit")])

    def unheard(*args, **kwargs):
        real(*args, **kwargs)
        if problem := next(failures, None):
            raise problem

    monkeypatch.setattr(services, "succeed_job", unheard)
    job = supervise(FINISH)
    assert job.status == "succeeded"
    assert ModelVersion.objects.get() == job.model_version
    assert job.model_version.adapter_directory.is_dir()


def test_a_result_that_comes_too_late_leaves_no_file(supervise, monkeypatch, settings):
    real = services.prepare_result

    def slow(job, **result):
        version = real(job, **result)
        TrainingJob.objects.filter(pk=job.pk).update(attempt=2)
        return version

    monkeypatch.setattr(services, "prepare_result", slow)
    job = supervise(FINISH)
    assert (job.status, job.attempt) == ("running", 2)
    assert not ModelVersion.objects.exists()
    assert not list((settings.VAR_DIR / "models").iterdir())


def test_garbage_between_the_events_becomes_log_and_harms_nothing(supervise):
    body = (
        'print("Loading: 100%|####|"); print("{broken"); sys.stdout.buffer.write(b"\\xff\\xfe\\n")\n'
        'print("x" * 2_000_000)\n'
        'print(json.dumps({"kind": "progress", "payload": {"step": "soon", "loss": float("nan")}}))\n'
    )
    job = supervise(body + FINISH)
    assert job.status == "succeeded"
    assert "Loading: 100%" in logged(job)


def test_a_flood_of_lines_is_taken_in_order_and_whole(supervise):
    job = supervise('for n in range(20_000): say("progress", step=n, total_steps=20_000)\n' + FINISH)
    steps = [
        event["step"] for event in job.events.filter(kind="progress").order_by("seq").values_list("payload", flat=True)
    ]
    assert steps == list(range(20_000))
    assert job.last_seq == 20_002


def test_cancel_stops_the_trainer_politely(supervise, administrator):
    body = (
        'say("started", pid=os.getpid())\n'
        'def stop(*_): say("cancelled", step=5); sys.exit(3)\n'
        "signal.signal(signal.SIGTERM, stop)\ntime.sleep(60)"
    )

    def cancel(job):
        until(lambda: has_event(job, "started"))
        services.request_cancel(job, actor=administrator)

    started = time.monotonic()
    job = supervise(body, during=cancel)
    assert job.status == "cancelled"
    assert told(job) == ["attempt", "started", "cancel_requested", "cancelled"]
    assert time.monotonic() - started < 10


def test_events_that_a_trainer_tells_around_a_request_to_cancel_are_all_kept(supervise, administrator):
    body = (
        'say("started")\ndef stop(*_): say("cancelled", step=5); sys.exit(3)\nsignal.signal(signal.SIGTERM, stop)\n'
        'for n in range(600): say("progress", step=n); time.sleep(0.01)'
    )

    def cancel(job):
        until(lambda: has_event(job, "progress"))
        services.request_cancel(job, actor=administrator)

    job = supervise(body, during=cancel)
    assert job.status == "cancelled"
    assert "cancel_requested" in told(job)
    assert list(job.events.order_by("seq").values_list("seq", flat=True)) == list(range(1, job.last_seq + 1))
    steps = [
        payload["step"]
        for payload in job.events.filter(kind="progress").order_by("seq").values_list("payload", flat=True)
    ]
    assert steps == list(range(len(steps)))


def test_a_trainer_that_ignores_cancel_is_killed_with_its_children(supervise, administrator):
    body = (
        "import subprocess\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        'child = subprocess.Popen(["sleep", "60"])\nsay("started", pid=child.pid)\ntime.sleep(60)'
    )

    def cancel(job):
        until(lambda: has_event(job, "started"))
        services.request_cancel(job, actor=administrator)

    job = supervise(body, during=cancel)
    assert job.status == "cancelled"
    assert told(job)[-1] == "cancelled"
    assert not is_alive(job.events.get(kind="started").payload["pid"])


def test_a_quiet_trainer_does_not_look_dead(supervise):
    beats = []

    def watch(job):
        for _ in range(10):
            beats.append(TrainingJob.objects.values_list("heartbeat_at", flat=True).get(pk=job.pk))
            time.sleep(0.15)

    supervise("time.sleep(1.5)", during=watch)
    assert len(set(beats)) >= 4


def test_a_trainer_that_hangs_is_asked_to_stop_and_its_job_fails(supervise, settings):
    settings.TRAINER_SILENT_SECONDS = 0.5
    body = 'signal.signal(signal.SIGTERM, lambda *_: sys.exit(3))\nsay("started", pid=os.getpid())\ntime.sleep(60)'
    job = supervise(body)
    assert (job.status, job.error_code) == ("failed", "trainer_silent")
    assert told(job) == ["attempt", "started", "failed"]
    assert not is_alive(job.events.get(kind="started").payload["pid"])


def test_a_trainer_that_hangs_and_ignores_us_is_killed(supervise, settings):
    settings.TRAINER_SILENT_SECONDS = 0.5
    body = 'signal.signal(signal.SIGTERM, signal.SIG_IGN)\nsay("started", pid=os.getpid())\ntime.sleep(60)'
    job = supervise(body)
    assert (job.status, job.error_code) == ("failed", "trainer_silent")
    assert not is_alive(job.events.get(kind="started").payload["pid"])


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_a_slow_trainer_that_still_writes_is_left_alone(supervise, settings, stream):
    settings.TRAINER_SILENT_SECONDS = 1.0
    body = f"for _ in range(10): print('.', file=sys.{stream}, flush=True); time.sleep(0.2)\n"
    assert supervise(body + FINISH).status == "succeeded"


def test_a_result_that_a_hanging_trainer_still_delivers_counts(supervise, settings):
    settings.TRAINER_SILENT_SECONDS = 0.5
    body = f"def finish(*_):\n    exec({FINISH!r}, globals()); os._exit(0)\nsignal.signal(signal.SIGTERM, finish)\n"
    assert supervise(body + "time.sleep(60)").status == "succeeded"


def test_a_base_model_that_was_taken_off_the_list_while_the_job_waited_is_never_read(supervise):
    job = supervise('say("started")\n' + FINISH, base_model="/etc")
    assert (job.status, job.error_code) == ("failed", "invalid_base_model")
    assert told(job) == ["attempt", "failed"]
    assert not job.directory.exists()


def test_a_supervisor_whose_job_was_given_to_another_leaves_it_alone_and_kills_its_trainer(supervise):
    def give_away(job):
        until(lambda: has_event(job, "started"))
        TrainingJob.objects.filter(pk=job.pk).update(attempt=2)

    job = supervise('say("started", pid=os.getpid())\ntime.sleep(60)', during=give_away)
    assert (job.status, job.attempt) == ("running", 2)
    assert told(job) == ["attempt", "started"]
    assert not is_alive(job.events.get(kind="started").payload["pid"])


def test_a_worker_that_shuts_down_gives_the_job_back(supervise):
    body = 'say("started")\nsignal.signal(signal.SIGTERM, lambda *_: sys.exit(3))\ntime.sleep(60)'

    def shut_down(job):
        until(lambda: has_event(job, "started"))
        supervisor.worker_is_stopping.set()

    try:
        job = supervise(body, during=shut_down)
    finally:
        supervisor.worker_is_stopping.clear()
    assert (job.status, job.attempt) == ("queued", 2)
    assert job.events.get(kind="requeued").payload["reason"] == "worker_stopped"


def test_a_database_that_is_away_for_a_moment_loses_no_event(supervise, monkeypatch):
    real, failures = events.record, iter([OperationalError("away")] * 3)

    def flaky(job, drafts=(), **summary):
        if drafts and (problem := next(failures, None)):
            raise problem
        real(job, drafts, **summary)

    monkeypatch.setattr(supervisor, "record", flaky)
    job = supervise('for n in range(5): say("progress", step=n); time.sleep(0.1)\n' + FINISH)
    assert job.status == "succeeded"
    assert [event.payload["step"] for event in job.events.filter(kind="progress").order_by("seq")] == [0, 1, 2, 3, 4]
