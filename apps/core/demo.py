"""The main job as a program would do it: everything through the public API of the running server."""

from __future__ import annotations

import time
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

DATASET_NAME = "演示联行号目录"
JOB_NAME = "演示：联行号问句解析"
IMPORT_SECONDS = 120
TRAINING_SECONDS = 1200

QUESTIONS = (
    "中国邮政储蓄银行股份有限公司丹江口市六里坪支行的联行号是多少",
    "麻烦问下，邮储丹江口六里坪的清算行行号",
    "403539100200 是哪家银行",
    "工商银行人民路支行的行号",
    "月亮银行火星环形山支行的联行号",
)


class DemoFailed(RuntimeError):
    """A step of the demo did not work; the message says which and what the server answered."""


@dataclass
class Demo:
    """Drives the API at `address` with an administrator's and a user's token; `tend` is called while waiting."""

    address: str
    administrator_token: str
    user_token: str
    say: Callable[[str], None]
    tend: Callable[[], None]

    def __post_init__(self) -> None:
        self._client = httpx.Client(base_url=f"{self.address}/api/v1", timeout=60)

    def run(self, directory_file: Path, *, parameters_preset: str) -> None:
        """Upload, finalise, train, activate; raises DemoFailed."""
        version = self._import(self._dataset(), directory_file)
        job = self._train(version, parameters_preset)
        slug = job["model"]
        versions = self._call("GET", f"/models/{slug}/versions")["results"]
        number = next(found["number"] for found in versions if found["id"] == job["model_version"])
        self._call("POST", f"/models/{slug}/activate", json={"version": number})
        self.say(f"Activated version {number} of model {slug}.")

    def live_model(self) -> str | None:
        """Return the name (slug) of the demo's model if one of its versions is active."""
        datasets = {
            found["id"] for found in self._call("GET", "/datasets/")["results"] if found["name"] == DATASET_NAME
        }
        models = self._call("GET", "/models/")["results"]
        live = (model["slug"] for model in models if model["dataset"] in datasets and model["active_version"])
        return next(live, None)

    def ask(self) -> list[dict[str, Any]]:
        """Ask QUESTIONS as the demo user; returns the API's answers."""
        model = self.live_model()
        orders = ({"question": text, "model": model} for text in QUESTIONS)
        return [self._call("POST", "/qa/ask", json=order, token=self.user_token) for order in orders]

    def _dataset(self) -> dict[str, Any]:
        """Return the demo's dataset: an earlier run may have been interrupted after making it."""
        existing: list[dict[str, Any]] = self._call("GET", "/datasets/")["results"]
        named = [dataset for dataset in existing if dataset["name"] == DATASET_NAME]
        order = {"name": DATASET_NAME, "preset": "bank_branches"}
        made: dict[str, Any] = named[0] if named else self._call("POST", "/datasets/", json=order)
        return made

    def _import(self, dataset: dict[str, Any], file: Path) -> dict[str, Any]:
        with file.open("rb") as content:
            files = {"file": (file.name, content, "text/csv")}
            version = self._call("POST", f"/datasets/{dataset['id']}/versions", files=files)
        here = f"/datasets/{dataset['id']}/versions/{version['number']}"
        version = self._until(lambda: self._call("GET", here), {"draft"}, {"failed"}, IMPORT_SECONDS, what="import")
        read, accepted, skipped = (version[f"rows_{kind}"] for kind in ("read", "accepted", "skipped"))
        self.say(f"Imported {file.name}: {read} rows read = {accepted} accepted + {skipped} skipped.")
        self._call("POST", f"{here}/finalise")
        self._await_index(here)
        finalised: dict[str, Any] = self._call("POST", f"{here}/activate")
        return finalised

    def _await_index(self, version: str) -> None:
        """The search index is built behind the import, and nothing answers without it."""
        deadline = time.monotonic() + IMPORT_SECONDS
        while not self._call("GET", version)["indexed_at"]:
            if time.monotonic() > deadline:
                raise DemoFailed(f"The search index was not built after {IMPORT_SECONDS} s; the logs are in var/log.")
            self.tend()
            time.sleep(0.5)

    def _train(self, version: dict[str, Any], preset: str) -> dict[str, Any]:
        order = {"name": JOB_NAME, "dataset_version": version["id"], "preset": preset, "seed": 20260101}
        job = self._call("POST", "/jobs/", json=order)
        self.say(f"Training started; watch it live: {self.address}/admin/training/trainingjob/{job['id']}/change/")
        reporter = _Reporter(self.say)
        ended = {"failed", "cancelled"}

        def look() -> dict[str, Any]:
            for event in self._call("GET", f"/jobs/{job['id']}/events", params={"after": reporter.cursor})["events"]:
                reporter.tell(event)
            current: dict[str, Any] = self._call("GET", f"/jobs/{job['id']}/")
            return current

        return self._until(look, {"succeeded"}, ended, TRAINING_SECONDS, what="training")

    def _until(
        self, look: Callable[[], dict[str, Any]], good: set[str], bad: set[str], seconds: float, *, what: str
    ) -> dict[str, Any]:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            found = look()
            if found["status"] in good:
                return found
            if found["status"] in bad:
                raise DemoFailed(
                    f"The {what} ended as {found['status']}: {found.get('error_message') or found.get('error')}"
                )
            self.tend()
            time.sleep(0.5)
        raise DemoFailed(f"The {what} was not finished after {seconds:.0f} s; the logs are in var/log.")

    def _call(self, method: str, path: str, *, token: str | None = None, **request: Any) -> Any:
        headers = {"Authorization": f"Bearer {token or self.administrator_token}"}
        answer = self._client.request(method, path, headers=headers, **request)
        if answer.is_error:
            raise DemoFailed(f"{method} {path} answered {answer.status_code}: {answer.text[:500]}")
        return answer.json()


@dataclass
class _Reporter:
    """Turns a job's events into a few lines on the terminal: each ten percent, and what matters between."""

    say: Callable[[str], None]
    cursor: int = 0
    percent_told: int = -1

    def tell(self, event: dict[str, Any]) -> None:
        self.cursor = event["seq"]
        payload = event["payload"]
        if event["kind"] == "progress":
            self._progress(payload)
        elif event["kind"] == "validation":
            self.say(f"  validation loss {payload['loss']:.4f} after step {payload['step']}")
        elif event["kind"] == "evaluation":
            base, tuned = payload["base"]["slot_exact_match"], payload["tuned"]["slot_exact_match"]
            self.say(f"  {payload['count']} questions in held-out wordings, slots exactly right:")
            self.say(f"  base model {base:.1%}, after tuning {tuned:.1%}")
        elif event["kind"] == "failed":
            self.say(f"  {payload['message']} {payload['remedy']}")

    def _progress(self, payload: dict[str, Any]) -> None:
        percent = 10 * (10 * payload["step"] // payload["total_steps"])
        if percent > self.percent_told:
            self.percent_told = percent
            eta, speed = payload["eta_seconds"], payload["tokens_per_second"]
            self.say(f"  {percent:3d} %  loss {payload['loss']:.4f}  {speed:,.0f} tokens/s  {eta:.0f} s to go")


def table(answers: Sequence[dict[str, Any]]) -> Iterator[str]:
    """Yield the lines of a table of answers, aligned for a terminal that shows Chinese two columns wide."""
    rows = [("Question", "Outcome", "Answer", "Code", "Clearing", "ms")]
    for question, answer in zip(QUESTIONS, answers, strict=True):
        rows.append(_row(question, answer))
    widths = [max(_width(row[column]) for row in rows) for column in range(len(rows[0]))]
    for number, row in enumerate(rows):
        yield "  ".join(cell + " " * (width - _width(cell)) for cell, width in zip(row, widths, strict=True)).rstrip()
        if number == 0:
            yield "  ".join("-" * width for width in widths)


def _row(question: str, answer: dict[str, Any]) -> tuple[str, str, str, str, str, str]:
    took = f"{answer['latency_ms']:.1f}"
    records = answer["records"]
    if answer["outcome"] == "answered":
        first = records[0]
        more = f" (+{len(records) - 1})" if len(records) > 1 else ""
        return question, "answered", first["name"] + more, first["code"], first["clearing_code"], took
    if answer["outcome"] == "clarify":
        return question, "clarify", f"which of these {len(records)}? {records[0]['name']}, ...", "", "", took
    nearest = answer["nearest"]
    hint = f"nearest: {nearest[0]['name']}" if nearest else "no such branch"
    return question, "not_found", hint, "", "", took


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)
