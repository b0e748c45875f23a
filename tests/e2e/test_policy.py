"""Every page and every screen of the console in Chromium: no script fails, nothing breaks the Content-Security-Policy.

The screens come from the URL table, so a new one is visited without a line here.
"""

from __future__ import annotations

import csv
import json
import time

import httpx
import pytest

from tests.e2e.product import running_product
from tests.e2e.visitor import PASSWORD, Visitor

pytestmark = pytest.mark.browser

ROWS = [
    ("银行名称", "联行编号", "清算行行号"),
    ("中国工商银行股份有限公司北京海淀支行", "102100000021", "102100099996"),
]
PAGES = ["/", "/history/", "/password/", "/nothing-here/", "/api/docs/"]
IMPORT_SECONDS = 60
SCREENS = """
import json, re
from django.contrib import admin
from django.urls import get_resolver
from apps.training.models import TrainingJob
from apps.datasets.models import DatasetVersion
from apps.registry.services import model_for_dataset
from apps.users.models import User
anna = User.objects.get(username="anna")
version = DatasetVersion.objects.get()
model = model_for_dataset(version.dataset, actor=anna)
TrainingJob.objects.create(name="job", dataset_version=version, model=model, created_by=anna, status="failed",
                           error_code="no_such_failure", finished_at=version.created_at)
def addresses():
    for kind, screen in admin.site._registry.items():
        one = kind._default_manager.first()
        for pattern in screen.urls:
            route = "/admin/%s/%s/%s" % (kind._meta.app_label, kind._meta.model_name, pattern.pattern)
            if "<" not in route:
                yield route
            elif one is not None and route.count("<") == 1:
                yield re.sub("<[^>]+>", str(one.pk), route)
print(json.dumps(["/admin/", "/admin/password_change/", *sorted(set(addresses()))]))
"""


@pytest.fixture(scope="module")
def product(tmp_path_factory):
    with running_product(tmp_path_factory.mktemp("product")) as running:
        running.make_user("anna", "administrator", PASSWORD)
        upload(running, tmp_path_factory.mktemp("upload") / "rows.csv")
        yield running


def upload(running, file):
    """Bring one version in through the API and wait until it has been read."""
    with file.open("w", newline="", encoding="utf-8") as handle:
        csv.writer(handle).writerows(ROWS)
    with httpx.Client(base_url=f"{running.address}/api/v1", timeout=30) as client:
        access = client.post("/auth/login", json={"username": "anna", "password": PASSWORD}).json()["access"]
        client.headers["Authorization"] = f"Bearer {access}"
        dataset = client.post("/datasets/", json={"name": "联行号", "preset": "bank_branches"}).json()
        versions = f"/datasets/{dataset['id']}/versions"
        client.post(versions, files={"file": ("rows.csv", file.read_bytes())}).raise_for_status()
        deadline = time.monotonic() + IMPORT_SECONDS
        while client.get(f"{versions}/1").json()["status"] in {"uploaded", "importing", "queued"}:
            assert time.monotonic() < deadline, client.get(f"{versions}/1").json()
            time.sleep(0.5)


@pytest.fixture
def visitor(chromium, product):
    person = Visitor(chromium, product.address)
    yield person
    person.context.close()


def test_no_page_and_no_screen_breaks_its_own_policy(visitor, product):
    screens = json.loads(product.manage("shell", "--no-imports", "-c", SCREENS).splitlines()[-1])
    page = visitor.page
    page.goto("/sign-in/")
    visitor.sign_in("anna")
    trouble, opened = {}, 0
    for address in [*PAGES, *screens]:
        asked = visitor.context.request.get(address)
        headers = asked.headers
        is_page = headers.get("content-type", "").startswith("text/html")
        if not is_page or "content-disposition" in headers or asked.status == httpx.codes.METHOD_NOT_ALLOWED:
            continue  # a download, a progress report, a button that only answers POST
        visitor.complaints.clear()
        page.goto(address)
        page.wait_for_load_state("load")
        page.wait_for_timeout(150)
        opened += asked.ok
        found = [line for line in visitor.complaints if f"status of {asked.status}" not in line]
        if found or asked.status >= httpx.codes.INTERNAL_SERVER_ERROR:
            trouble[address] = [asked.status, *found]
    assert trouble == {}
    assert opened > 25, f"only {opened} screens were there to look at: {screens}"
