"""A small real directory with a real index, a model over it, and an engine that is an HTTP server of this process."""

from __future__ import annotations

import hashlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from django.utils import timezone

from apps.datasets.models import Dataset, DatasetVersion
from apps.registry import services
from apps.registry.plugins import engine as engine_client
from apps.registry.plugins import record_lookup
from workers.inference.lookup import PRESETS, build_index

ROWS = [
    ("中国邮政储蓄银行股份有限公司丹江口市六里坪支行", "403539100200", "403100000004"),
    ("中国工商银行股份有限公司深圳南山支行", "102584002451", "102100099996"),
    ("中国工商银行股份有限公司北京新华支行", "102100002064", "102100099996"),
    ("中国工商银行股份有限公司上海新华支行", "102290022453", "102100099996"),
    ("中国农业银行股份有限公司深圳南山支行", "103584000993", ""),
]
CHATTY = "请问一下工行在深圳那个南山的网点,行号多少来着"
"""A question that the rules leave open and the slots below settle."""
CHATTY_SLOTS = {"field": "code", "bank": "工行", "place": "深圳", "branch": "南山"}


@pytest.fixture
def make_data(administrator, settings, tmp_path):
    """Return `make(rows)`: a finalised dataset version with its index, made active."""
    settings.VAR_DIR = tmp_path / "var"

    def make(rows=ROWS, *, name="联行号目录") -> DatasetVersion:
        schema = PRESETS["bank_branches"]
        dataset, _made = Dataset.objects.get_or_create(
            name=name, defaults={"schema": schema.to_dict(), "created_by": administrator}
        )
        text = "\n".join(",".join(row) for row in rows)
        version = DatasetVersion(
            dataset=dataset,
            number=dataset.versions.count() + 1,
            status="finalised",
            source_name="rows.csv",
            source_bytes=len(text),
            source_sha256=hashlib.sha256(text.encode()).hexdigest(),
            content_sha256=hashlib.sha256(text.encode() + b"\n").hexdigest(),
            rows_read=len(rows),
            rows_accepted=len(rows),
            created_by=administrator,
            finalised_by=administrator,
            finalised_at=timezone.now(),
            indexed_at=timezone.now(),
        )
        version.save(force_insert=True)
        build_index(rows, schema=schema, directory=version.index_directory)
        Dataset.objects.filter(pk=dataset.pk).update(active_version=version)
        dataset.refresh_from_db()
        return version

    yield make
    record_lookup.open_index.cache_clear()


@pytest.fixture
def data(make_data):
    return make_data()


@pytest.fixture
def make_adapter(tmp_path):
    """Return `make(content)`: a trainer's output folder and the SHA-256 of its weights."""

    def make(content: bytes = b"weights"):
        folder = tmp_path / f"output-{hashlib.sha256(content).hexdigest()[:8]}"
        folder.mkdir(exist_ok=True)
        (folder / "adapter_model.safetensors").write_bytes(content)
        (folder / "adapter_config.json").write_text('{"r": 8}')
        (folder / "README.md").write_text("# adapter")
        return folder, hashlib.sha256(content).hexdigest()

    return make


@pytest.fixture
def make_version(data, make_adapter, administrator):
    """Return `make()`: the next registered version of the directory's model."""

    def make(content: bytes | None = None, *, dataset_version=None, **metrics):
        dataset_version = dataset_version or data
        model = services.model_for_dataset(dataset_version.dataset, actor=administrator)
        folder, sha256 = make_adapter(content or f"weights {model.versions.count()}".encode())
        return services.register_version(
            model=model,
            dataset_version=dataset_version,
            adapter_dir=folder,
            adapter_sha256=sha256,
            base_model="mozhu-tiny",
            parameters={"r": 8, "learning_rate": 0.004},
            metrics=metrics
            or {
                "count": 200,
                "base": {"slot_exact_match": 0.015},
                "tuned": {"slot_exact_match": 0.965},
                "examples": [],
            },
            actor=administrator,
        )

    return make


@pytest.fixture
def live(make_version, administrator, engine):
    """A registered version that is active, with an engine that answers."""
    version = make_version()
    services.activate(version, actor=administrator)
    version.refresh_from_db()
    return version


class Engine:
    """Speaks as the real engine does. `known`: adapters loaded; `says`: what the model writes; `slow`: seconds."""

    def __init__(self) -> None:
        self.known: dict[str, str] = {}
        self.says = json.dumps(CHATTY_SLOTS, ensure_ascii=False)
        self.delay = threading.Event()
        self.slow = 0.0
        self.refuses_to_load = False
        self.is_busy = False
        self.chats: list[dict] = []
        self.tokens = 57

    def respond(self, path: str, body: dict) -> tuple[int, dict]:
        if path == "/v1/load_lora_adapter":
            if self.refuses_to_load:
                return 400, {"error": {"message": "no such folder"}}
            self.known[body["lora_name"]] = body["lora_path"]
            return 200, {}
        self.chats.append(body)
        self.delay.wait(self.slow)
        if self.is_busy:
            return 503, {"error": {"message": "too many requests"}}
        if body["model"] not in self.known:
            return 404, {"error": {"message": "unknown model"}}
        choices = [{"message": {"role": "assistant", "content": self.says}}]
        return 200, {"choices": choices, "usage": {"total_tokens": self.tokens}}


@pytest.fixture
def engine(settings):
    """An engine on a local port, as `settings.ENGINE_URL`."""
    fake = Engine()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            status, answer = fake.respond(self.path, body)
            content = json.dumps(answer, ensure_ascii=False).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    settings.ENGINE_URL = f"http://127.0.0.1:{server.server_port}"
    engine_client.breaker.reset()
    yield fake
    fake.delay.set()
    server.shutdown()
    server.server_close()
    engine_client.client.cache_clear()
    engine_client.breaker.reset()
