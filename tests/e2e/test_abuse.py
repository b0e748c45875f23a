"""The whole product, treated badly from outside: floods, half requests, announced gigabytes, hostile headers.

It has to keep answering, to leave no half file, and not to grow.
"""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path

import httpx
import pytest

from tests.e2e.product import running_product

pytestmark = pytest.mark.services

PASSWORD = "correct horse battery"
REQUESTS, AT_A_TIME = 10_000, 50
GROWTH_MEGABYTES_MAX = 150
ANSWERED = {200, 401, 403, 404, 405, 429}


@pytest.fixture(scope="module")
def product(tmp_path_factory):
    with running_product(tmp_path_factory.mktemp("product")) as running:
        running.make_user("anna", "administrator", PASSWORD)
        yield running


@pytest.fixture(scope="module")
def token(product):
    sign_in = {"username": "anna", "password": PASSWORD}
    return httpx.post(f"{product.address}/api/v1/auth/login", json=sign_in, timeout=30).json()["access"]


def is_up(product) -> bool:
    return httpx.get(f"{product.address}/healthz", timeout=30).status_code == httpx.codes.OK


def web_memory_megabytes(product) -> float:
    """Resident memory of the process that listens on the product's port."""
    port = product.address.rpartition(":")[2].encode()
    for folder in Path("/proc").iterdir():
        try:
            command = (folder / "cmdline").read_bytes()
            if b"daphne" in command and port in command:
                return int((folder / "statm").read_text().split()[1]) * 4096 / 2**20
        except (OSError, IndexError):
            continue
    raise AssertionError("the web process was not found")


def say(product, data: bytes, *, cut_off: bool = False) -> bytes:
    """Send raw bytes and return the first bytes of the answer; nothing where the line is cut off."""
    host, port = product.address.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=30) as line:
        line.sendall(data)
        return b"" if cut_off else line.recv(4096)


async def flood(product, token, *, requests: int = REQUESTS) -> dict[int, int]:
    """Ask as fast as it goes; returns how often each status was answered."""
    paths = ["/healthz", "/sign-in/", "/api/v1/auth/me", "/api/v1/datasets/", "/nothing-here", "/api/v1/qa/history"]
    seen: dict[int, int] = {}
    headers = {"Authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(base_url=product.address, headers=headers, timeout=60) as client:

        async def visitor(number: int) -> None:
            for turn in range(requests // AT_A_TIME):
                answer = await client.get(paths[(number + turn) % len(paths)])
                seen[answer.status_code] = seen.get(answer.status_code, 0) + 1

        await asyncio.gather(*(visitor(number) for number in range(AT_A_TIME)))
    return seen


def test_ten_thousand_requests_are_answered_and_leave_the_memory_as_it_was(product, token):
    asyncio.run(flood(product, token, requests=REQUESTS // 5))  # what is loaded once is loaded now
    before = web_memory_megabytes(product)
    seen = asyncio.run(flood(product, token))
    grown = web_memory_megabytes(product) - before
    print(f"{sum(seen.values())} requests: {seen}; the web process grew by {grown:.1f} MB from {before:.0f} MB")
    assert set(seen) <= ANSWERED
    assert sum(seen.values()) == REQUESTS
    assert grown < GROWTH_MEGABYTES_MAX
    assert is_up(product)


def test_upload_that_is_cut_off_leaves_no_version_and_no_file(product, token):
    with httpx.Client(base_url=f"{product.address}/api/v1", headers={"Authorization": f"Bearer {token}"}) as client:
        dataset = client.post("/datasets/", json={"name": "cut off", "preset": "bank_branches"}, timeout=30).json()
        head = (
            f"POST /api/v1/datasets/{dataset['id']}/versions HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            f"Authorization: Bearer {token}\r\nContent-Type: multipart/form-data; boundary=b\r\n"
            "Content-Length: 5000000\r\n\r\n--b\r\n"
            'Content-Disposition: form-data; name="file"; filename="rows.csv"\r\n\r\n'
        )
        say(product, head.encode() + b"x" * 500_000, cut_off=True)
        assert client.get(f"/datasets/{dataset['id']}/versions", timeout=30).json()["count"] == 0
    folder = Path(product.environment["VAR_DIR"]) / "datasets"
    assert not folder.exists() or list(folder.iterdir()) == []
    assert is_up(product)


HOSTILE = {
    "no request": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"x" * 200,
    "half a request": b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n",
    "another host": b"GET /sign-in/ HTTP/1.1\r\nHost: evil.example\r\n\r\n",
    "no host": b"GET /sign-in/ HTTP/1.1\r\n\r\n",
    "two lengths": b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 5\r\nContent-Length: 50\r\n\r\nhello",
    "a length and chunks": b"POST /sign-in/ HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 5\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "a negative length": b"POST /sign-in/ HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: -1\r\n\r\n",
    "a header of a megabyte": b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-A: " + b"x" * 2**20 + b"\r\n\r\n",
    "ten thousand headers": b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n" + b"X-A: 1\r\n" * 10_000 + b"\r\n",
    "an address of a megabyte": b"GET /" + b"x" * 2**20 + b" HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    "bytes that are no text": b"GET /\xff\xfe HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
}


@pytest.mark.parametrize("data", HOSTILE.values(), ids=HOSTILE)
def test_hostile_request_does_not_bring_the_server_down(data, product):
    cut_off = data is HOSTILE["half a request"]
    try:
        answer = say(product, data, cut_off=cut_off)
    except (ConnectionError, TimeoutError):
        answer = b""
    assert not answer.startswith(b"HTTP/1.1 5"), answer[:200]
    if data is HOSTILE["another host"]:
        assert answer.startswith(b"HTTP/1.1 400")
    assert is_up(product)


def test_two_gigabytes_are_refused_before_they_are_sent(product, token):
    with httpx.Client(base_url=f"{product.address}/api/v1", headers={"Authorization": f"Bearer {token}"}) as client:
        dataset = client.post("/datasets/", json={"name": "huge", "preset": "bank_branches"}, timeout=30).json()
        announced = {"name": "rows.csv", "size": 2 * 2**30}
        answer = client.post(f"/datasets/{dataset['id']}/uploads", json=announced, timeout=30)
    assert answer.status_code == httpx.codes.BAD_REQUEST
    assert answer.json()["code"] == "too_large"
