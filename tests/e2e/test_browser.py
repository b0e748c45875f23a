"""The whole path in a browser, as an administrator and then a business user walk it.

Leaves screenshots (desktop and phone) in var/screenshots, or where MOZHU_SCREENSHOTS says. Skipped where Chromium is
absent; with CI=true that is a failure.
"""

from __future__ import annotations

import base64
import hmac
import re
import struct
import subprocess
import sys
import time

import httpx
import pytest

from tests.e2e.product import ROOT, running_product
from tests.e2e.visitor import PASSWORD, Visitor

pytestmark = pytest.mark.browser

TRAINING_SECONDS = 420
QUESTION = "麻烦问下，邮储丹江口六里坪支行的联行号"


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


def test_whole_path(visitor, directory, product):
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
    visitor.sign_out()

    make_a_person_who_may_ask_no_model(visitor)
    assert field_for_a_question(visitor, "carla").count() == 0
    visitor.sign_out()
    share_the_model(visitor, "carla")
    assert field_for_a_question(visitor, "carla").count() == 1
    key = make_key(visitor)
    assert asked_with(key, product).json()["outcome"] == "answered"
    revoke_key(visitor)
    assert asked_with(key, product).status_code == httpx.codes.UNAUTHORIZED
    sign_in_with_two_factors(visitor, "carla")
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
    page.fill("[name=question]", QUESTION)
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


def make_a_person_who_may_ask_no_model(visitor):
    """A role that may ask, but use no model, and somebody who holds it."""
    page = visitor.page
    visitor.sign_in("anna")
    page.goto("/admin/users/role/add/")
    page.fill("[name=name]", "柜员")
    page.locator("section", has=page.locator("h3", has_text="问答")).locator("li input[type=checkbox]").check()
    visitor.shoot("17-role")
    page.click("[name=_save]")
    page.goto("/admin/users/user/add/")
    page.fill("[name=username]", "carla")
    page.fill("[name=password1]", PASSWORD)
    page.fill("[name=password2]", PASSWORD)
    page.get_by_label("柜员").check()
    visitor.shoot("18-user")
    page.click("[name=_save]")
    page.wait_for_load_state()
    visitor.sign_out()


def field_for_a_question(visitor, name):
    visitor.sign_in(name)
    visitor.page.goto("/")
    visitor.shoot("20-to-ask")
    return visitor.page.locator("[name=question]")


def share_the_model(visitor, name):
    page = visitor.page
    visitor.sign_in("anna")
    page.goto("/admin/registry/registeredmodel/")
    page.click("#result_list a[href*='/change/']")
    page.click("a[href$='/sharing/']")
    page.click(".pp-person .select2-selection")
    page.keyboard.type(name)
    page.click(f".select2-results__option:has-text('{name}')")
    page.click(".pp-share button[type=submit]")
    page.wait_for_selector(f".pp-panel td:has-text('{name}')")
    visitor.shoot("19-sharing")
    visitor.sign_out()


def make_key(visitor):
    page = visitor.page
    page.goto("/account/keys/")
    page.click("a[href='/account/keys/new/']")
    page.fill("[name=proof]", PASSWORD)  # who has found an open screen makes no key
    page.click("main form button")
    page.fill("[name=name]", "报表程序")
    page.click("main form button")
    key = page.inner_text(".secret-line code")
    visitor.shoot("21-key")
    page.goto("/account/keys/")
    assert key not in page.content()
    return key


def asked_with(key, product):
    """Ask as a program does, without a model's name: there is one that the key's owner may use."""
    headers = {"Authorization": f"Bearer {key}"}
    return httpx.post(f"{product.address}/api/v1/qa/ask", json={"question": QUESTION}, headers=headers, timeout=30)


def revoke_key(visitor):
    page = visitor.page
    page.goto("/account/keys/")
    page.click("form[action$='/revoke/'] button")
    page.wait_for_load_state()


def sign_in_with_two_factors(visitor, name):
    page = visitor.page
    page.goto("/account/security/second-factor/")
    page.wait_for_selector("details.why summary")  # proven a moment ago, for the key
    visitor.shoot("22-second-factor")
    page.click("details.why summary")
    secret = page.inner_text("code.secret").replace(" ", "")
    page.fill("[name=code]", code_at(secret, time.time()))
    page.click("form.stack button")
    page.wait_for_load_state()
    visitor.shoot("23-recovery-codes")
    visitor.sign_out()
    visitor.sign_in(name)
    assert "/sign-in/code/" in page.url
    page.goto("/history/")
    assert "/sign-in/" in page.url, "the password alone opened a page"
    visitor.sign_in(name)
    page.fill("[name=code]", code_at(secret, time.time() + 30))  # no code works twice; the next one is taken already
    page.click("form.stack button")
    page.wait_for_load_state()
    page.goto("/history/")
    assert page.url.endswith("/history/")


def code_at(secret, seconds):
    """Return what an authenticator app shows at that time (RFC 6238)."""
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    digest = hmac.digest(key, struct.pack(">Q", int(seconds) // 30), "sha1")
    start = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[start : start + 4])[0] & 0x7FFFFFFF) % 10**6:06d}"
