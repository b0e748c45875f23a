"""The whole path in a browser, as an administrator and then a business user walk it.

Leaves screenshots (desktop and phone) in var/screenshots, or where MOZHU_SCREENSHOTS says. Skipped where Chromium is
absent; with CI=true that is a failure.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.e2e.product import ROOT, running_product

pytestmark = pytest.mark.browser

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
SHOTS = Path(os.environ.get("MOZHU_SCREENSHOTS", ROOT / "var" / "screenshots"))
DESKTOP, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
PASSWORD = "correct horse battery"
TRAINING_SECONDS = 420
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]


@pytest.fixture(scope="module")
def product(tmp_path_factory):
    with running_product(tmp_path_factory.mktemp("product")) as running:
        running.make_user("anna", "administrator", PASSWORD)
        running.make_user("ben", "user", PASSWORD)
        yield running


@pytest.fixture(scope="module")
def chromium():
    if CHROMIUM is None:
        message = "Chromium is absent (Debian: apt-get install chromium fonts-noto-cjk)"
        pytest.fail(message) if os.environ.get("CI") else pytest.skip(message)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


class Visitor:
    """A person at a browser: goes to pages, notices script errors and pages that are wider than the screen."""

    def __init__(self, browser, address):
        self.context = browser.new_context(viewport=DESKTOP, base_url=address, locale="zh-CN")
        self.page = self.context.new_page()
        self.complaints: list[str] = []
        self.page.on("pageerror", lambda error: self.complaints.append(f"script: {error}"))
        self.page.on("console", lambda line: line.type == "error" and self.complaints.append(f"console: {line.text}"))
        self.page.on("dialog", lambda dialog: dialog.accept())

    def sign_in(self, name):
        self.page.goto("/sign-in/")
        self.page.fill("[name=username]", name)
        self.page.fill("[name=password]", PASSWORD)
        self.page.click("form.stack button")
        self.page.wait_for_load_state()

    def sign_out(self):
        self.page.goto("/")
        self.page.click("details.menu summary")
        self.page.click("form[action='/sign-out/'] button")

    def shoot(self, name):
        """Photograph the page on desktop and phone; a phone page must not scroll sideways."""
        SHOTS.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=SHOTS / f"{name}.png", full_page=True)
        self.page.set_viewport_size(PHONE)
        self.page.wait_for_timeout(300)
        self.page.screenshot(path=SHOTS / f"{name}-phone.png", full_page=True)
        wide = self.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        if wide > 0:
            self.complaints.append(f"{name} is {wide} px wider than a phone")
        self.page.set_viewport_size(DESKTOP)

    def wait_until(self, look, seconds, what):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            found = look()
            if found:
                return found
            self.page.wait_for_timeout(250)
        raise AssertionError(
            f"waited {seconds} s in vain for {what}; the page says: {self.page.inner_text('body')[:1500]}"
        )


@pytest.fixture
def visitor(chromium, product):
    person = Visitor(chromium, product.address)
    yield person
    person.context.close()


@pytest.fixture(scope="module")
def directory(tmp_path_factory):
    path = tmp_path_factory.mktemp("upload") / "联行号目录.csv"
    subprocess.run(
        [sys.executable, "-m", "fixtures.directory", "--rows", "5000", "--seed", "7", str(path)], cwd=ROOT, check=True
    )
    return path


def test_whole_path(visitor, directory):
    page = visitor.page
    page.goto("/admin/")
    assert "/sign-in/" in page.url
    visitor.shoot("01-sign-in")
    visitor.sign_in("anna")
    visitor.shoot("02-dashboard-empty")

    upload(visitor, directory)
    train(visitor)
    activate(visitor)
    page.goto("/admin/")
    visitor.shoot("10-dashboard")
    visitor.sign_out()

    visitor.sign_in("ben")
    ask(visitor)
    history(visitor)
    answer = page.goto("/admin/")
    assert answer.status == 403
    visitor.complaints = [line for line in visitor.complaints if "403" not in line]
    assert visitor.complaints == []


def upload(visitor, directory):
    page = visitor.page
    page.goto("/admin/datasets/dataset/add/")
    page.fill("[name=name]", "联行号目录")
    visitor.shoot("03-dataset-new")
    page.click("[name=_save], #submit-row button[type=submit]")
    page.goto("/admin/datasets/dataset/")
    page.click("#result_list a[href*='/change/'], table a[href*='/change/']")
    page.click("a[href*='/upload/']")
    page.set_input_files("[name=file]", directory)
    visitor.shoot("04-upload")
    page.click("form[data-upload] button[type=submit]")
    finalise = "form[action*='/finalise'] button"
    visitor.wait_until(lambda: page.locator(finalise).count(), 90, "the import")
    visitor.shoot("05-receipt")
    page.click(finalise)
    page.click("form[action*='/activate'] button")
    page.wait_for_load_state()
    visitor.shoot("06-version-active")


def train(visitor):
    page = visitor.page
    page.goto("/admin/training/trainingjob/add/")
    page.fill("[name=name]", "联行号问句解析")
    page.fill("[name=train_examples]", "4000")
    page.fill("[name=evaluation_examples]", "100")
    visitor.shoot("07-job-new")
    page.click("#submit-row button[type=submit], [name=_save]")
    page.wait_for_selector("#live")
    steps = watch_steps(visitor, until=30)
    assert len(set(steps)) > 3, f"the curve did not grow live: {steps}"
    assert page.locator("[data-live=loss-chart] canvas").count() == 1
    visitor.shoot("08-training-live")
    page.context.set_offline(True)
    page.wait_for_timeout(3000)
    page.context.set_offline(False)
    visitor.complaints = [line for line in visitor.complaints if "ERR_INTERNET_DISCONNECTED" not in line]
    succeeded = "[data-live=status][data-status=succeeded]"
    visitor.wait_until(lambda: page.locator(succeeded).count(), TRAINING_SECONDS, "the end of the training")
    assert page.locator("[data-live=evaluation]").is_visible()
    visitor.shoot("09-training-done")


def watch_steps(visitor, *, until):
    """Read the step counter as it changes, without reloading the page."""
    seen = []

    def look():
        found = re.match(r"([\d,]+) / ", visitor.page.inner_text("[data-live=steps]").replace(" ", " "))
        if found:
            step = int(found[1].replace(",", ""))
            if not seen or seen[-1] != step:
                seen.append(step)
        return seen and seen[-1] >= until

    visitor.wait_until(look, TRAINING_SECONDS, f"step {until}")
    return seen


def activate(visitor):
    page = visitor.page
    page.click("a[data-live=version]")
    page.wait_for_load_state()
    visitor.shoot("09-model-version")
    page.click("form[action*='/activate/'] button")
    page.wait_for_load_state()


def ask(visitor):
    page = visitor.page
    visitor.shoot("11-ask")
    page.fill("[name=question]", "麻烦问下，邮储丹江口六里坪支行的联行号")
    page.keyboard.press("Enter")
    page.wait_for_selector("[data-copy='403539100200']")
    page.click("details.why summary")
    visitor.shoot("12-answer")
    page.emulate_media(color_scheme="dark")
    visitor.shoot("13-answer-dark")
    page.emulate_media(color_scheme="light")
    page.fill("[name=question]", "月亮银行火星环形山支行的联行号")
    page.keyboard.press("Enter")
    page.wait_for_selector(".badge.not_found")
    visitor.shoot("14-not-found")
    page.fill("[name=question]", "工商银行人民路支行的行号")
    page.keyboard.press("Enter")
    page.wait_for_selector(".badge.clarify, .badge.answered, .badge.not_found")
    visitor.shoot("15-clarify")


def history(visitor):
    page = visitor.page
    page.goto("/history/?search=六里坪")
    assert "六里坪" in page.inner_text("main")
    assert "火星" not in page.inner_text("main")
    page.goto("/history/")
    visitor.shoot("16-history")
