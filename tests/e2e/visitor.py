"""A person at a browser."""

from __future__ import annotations

import os
import time
from pathlib import Path

from tests.e2e.product import ROOT

SHOTS = Path(os.environ.get("MOZHU_SCREENSHOTS", ROOT / "var" / "screenshots"))
DESKTOP, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
PASSWORD = "correct horse battery"


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
