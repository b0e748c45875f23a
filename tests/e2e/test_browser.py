"""The whole path in a browser, as an administrator and then a business user walk it.

Leaves screenshots (desktop and phone) in var/screenshots, or where MOZHU_SCREENSHOTS says. Skipped where Chromium is
absent; with CI=true that is a failure.
"""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from tests.e2e.product import ROOT, running_product
from tests.e2e.visitor import PASSWORD, Visitor

pytestmark = pytest.mark.browser

TRAINING_SECONDS = 420


@pytest.fixture(scope="module")
def product(tmp_path_factory):
    with running_product(tmp_path_factory.mktemp("product")) as running:
        running.make_user("anna", "administrator", PASSWORD)
        running.make_user("ben", "user", PASSWORD)
        yield running


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
    confirm = "a[href$='/layout']"
    visitor.wait_until(lambda: page.locator(confirm).count(), 90, "the question which column is which")
    page.click(confirm)
    page.wait_for_selector("form[data-layout]")
    visitor.shoot("05-columns")
    page.click("form[data-layout] button[type=submit]")
    finalise = "form[action*='/finalise'] button"
    visitor.wait_until(lambda: page.locator(finalise).count(), 90, "the import")
    visitor.wait_until(lambda: not page.locator("[data-import-progress]").count(), 90, "the search index")
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
