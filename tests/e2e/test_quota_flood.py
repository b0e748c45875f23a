"""Ten thousand requests with a key that may make a hundred a minute, on PostgreSQL: exactly what is counted passes."""

from __future__ import annotations

import asyncio
import time
from collections import Counter

import httpx
import psycopg
import pytest

from tests.e2e.product import running_product
from tests.e2e.servers import fresh_database

pytestmark = [pytest.mark.services, pytest.mark.usefixtures("both_are_there")]

REQUESTS, AT_A_TIME, LIMIT = 10_000, 50, 100
SET_UP = f"""
from apps.users import keys, quotas
from apps.users.models import User
from apps.users.models.quotas import Subject
from apps.users.services import give_role
anna = User.objects.create_user("anna", "correct horse battery"); give_role(anna, "administrator")
key, text = keys.make_key(name="flood", scopes=["ask"], days=1, owner=anna)
quotas.set_quotas(Subject("key", str(key.pk)), {{"requests": {LIMIT}}}, actor=anna)
print("KEY", text)
"""


def minute_now() -> int:
    return int(time.time() // 60)


async def flood(address: str, key: str) -> list[httpx.Response]:
    async with httpx.AsyncClient(base_url=address, headers={"Authorization": f"Bearer {key}"}, timeout=60) as client:

        async def visitor(_number: int) -> list[httpx.Response]:
            return [await client.get("/api/v1/qa/history") for _turn in range(REQUESTS // AT_A_TIME)]

        visits = await asyncio.gather(*map(visitor, range(AT_A_TIME)))
    return [answer for answers in visits for answer in answers]


def test_flood_with_a_key_gets_what_its_quota_allows_and_not_one_more(tmp_path):
    with fresh_database("mozhu_flood") as database, running_product(tmp_path, DATABASE_URL=database) as product:
        printed = product.manage("shell", "--no-imports", "-c", SET_UP)
        key = next(line.split()[1] for line in printed.splitlines() if line.startswith("KEY"))
        begun = minute_now()
        answers = asyncio.run(flood(product.address, key))
        minutes = minute_now() - begun + 1
        with psycopg.connect(database) as connection:
            counted = [used for (used,) in connection.execute("SELECT used FROM users_quotacounter").fetchall()]

    seen = Counter(answer.status_code for answer in answers)
    print(f"{dict(seen)} in {minutes} minutes by the clock")
    assert set(seen) == {200, 429}
    assert seen.total() == REQUESTS
    assert LIMIT * max(1, minutes - 1) <= seen[200] <= LIMIT * minutes
    assert max(counted) == LIMIT
    if minutes == len(counted):  # older minutes are forgotten
        assert seen[200] == sum(counted)
    refused = [answer for answer in answers if answer.status_code == httpx.codes.TOO_MANY_REQUESTS]
    assert {answer.json()["code"] for answer in refused} == {"quota_exceeded"}
    assert all(0 < int(answer.headers["Retry-After"]) <= 60 for answer in refused)
