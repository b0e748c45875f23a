"""Requests that are broken as such: bodies, headers, methods, pages, languages. Every answer is a refusal in words.

Tested elsewhere: bodies beyond 2 MB (tests/core/test_errors.py), NUL in addresses (tests/core/test_middleware.py),
cursors and status names of jobs (tests/training/test_api.py).
"""

from __future__ import annotations

import json

import pytest

from tests.architecture.addresses import OURS, fill
from tests.bad_input.conftest import refused

ASK = "/api/v1/qa/ask"
BODIES = {
    "no JSON": (b"{", "application/json"),
    "nothing": (b"", "application/json"),
    "text instead of an object": (b'"x"', "application/json"),
    "a list instead of an object": (b"[1, 2]", "application/json"),
    "null": (b"null", "application/json"),
    "not a number": (b'{"question": NaN}', "application/json"),
    "two values": (b'{"question": "a"} {"question": "b"}', "application/json"),
    "no UTF-8": (b'{"question": "\xff\xfe"}', "application/json"),
    "UTF-16 without saying so": ('{"question": "a"}'.encode("utf-16"), "application/json"),
    "a charset that is not text": (b'{"question": "a"}', "application/json; charset=base64"),
    "deep lists": (b'{"question": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "application/json"),
    "deep objects": (b'{"a":' * 50_000 + b"1" + b"}" * 50_000, "application/json"),
    "a number of a million digits": (b'{"question": ' + b"9" * 1_000_000 + b"}", "application/json"),
    "a thousand fields": (json.dumps({f"f{n}": n for n in range(1000)}).encode(), "application/json"),
    "a form without its boundary": (b"x", "multipart/form-data"),
    "a form with a strange boundary": (b"x", "multipart/form-data; boundary=" + "x" * 500),
    "ten thousand form fields": (b"&".join(b"a%d=1" % n for n in range(10_000)), "application/x-www-form-urlencoded"),
}


@pytest.mark.parametrize(("body", "kind"), BODIES.values(), ids=BODIES)
def test_broken_body_is_a_bad_request(body, kind, api, user):
    answer = api(user).generic("POST", ASK, body, content_type=kind)
    refused(answer, 415 if len(kind) > 200 else 400)


def test_json_is_told_where_it_breaks_off(api, user):
    answer = api(user).generic("POST", ASK, b'{\n"question": }', content_type="application/json")
    assert "2" in refused(answer, code="parse_error")["detail"]


def test_charset_that_there_is_not_is_taken_for_utf_8(api, user):
    answer = api(user).generic("POST", ASK, b'{"question": "a"}', content_type="application/json; charset=klingon")
    refused(answer, 409, code="no_active_model")


@pytest.mark.parametrize("kind", ["text/xml", "text/plain", "application/x-python-pickle", "image/png", "nonsense", ""])
def test_content_of_another_kind_is_not_read(kind, api, user):
    answer = api(user).generic("POST", ASK, b"<a/>", content_type=kind)
    refused(answer, 415)


@pytest.mark.parametrize("accept", ["text/xml", "image/*", "nonsense"])
def test_answer_of_another_kind_is_not_given(accept, api, user):
    refused(api(user).get("/api/v1/auth/me", HTTP_ACCEPT=accept), 406)


LISTS = ["/api/v1/qa/history", "/api/v1/datasets/", "/api/v1/jobs/", "/api/v1/models/"]


@pytest.mark.parametrize("query", ["page=999999999", "page=abc", "page=-1", "page=0", "page=1.5", "page=" + "9" * 400])
@pytest.mark.parametrize("path", LISTS)
def test_page_that_there_is_not_is_absent(path, query, api, administrator):
    refused(api(administrator).get(f"{path}?{query}"), 404)


@pytest.mark.parametrize("size", ["999999999", "-1", "0", "abc", "9" * 400, "1e9"])
@pytest.mark.parametrize("path", LISTS)
def test_page_never_grows_beyond_its_limit(path, size, api, administrator):
    answer = api(administrator).get(f"{path}?page_size={size}")
    assert answer.status_code == 200
    assert len(answer.json()["results"]) <= 200


@pytest.mark.parametrize(
    "query", ["page=999999999", "page=abc", "search=%ff%fe", "search=" + "x" * 5000, "page=%00", "p=-1"]
)
@pytest.mark.parametrize("path", ["/history/", "/admin/datasets/dataset/", "/admin/qa/question/"])
def test_page_of_people_stands_whatever_its_address_says(path, query, page, administrator):
    assert page(administrator).get(f"{path}?{query}", follow=True).status_code in (200, 400, 404)


@pytest.mark.parametrize("order", ["created_by__password", "-asked_by__password", "x", "1;drop", "?"])
@pytest.mark.parametrize("path", LISTS)
def test_order_by_what_is_hidden_changes_nothing(path, order, api, administrator):
    client = api(administrator)
    for name in ("ordering", "order", "sort", "o"):
        assert client.get(path, {name: order}).content == client.get(path).content


@pytest.mark.parametrize("header", ["HTTP_X_HTTP_METHOD_OVERRIDE", "HTTP_X_METHOD_OVERRIDE", "HTTP_X_HTTP_METHOD"])
def test_method_cannot_be_overridden(header, api, administrator):
    answer = api(administrator).post("/api/v1/auth/me?_method=GET", {"_method": "GET"}, **{header: "GET"})
    refused(answer, 405)


@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "PROPFIND", "SMUGGLE"])
@pytest.mark.parametrize("path", ["/", "/sign-in/", "/healthz", ASK, "/api/v1/auth/login", "/admin/"])
def test_method_that_nothing_has_is_not_allowed(method, path, page, administrator):
    assert page(administrator).generic(method, path).status_code == 405


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("path", ["/", "/history/", "/healthz", ASK, "/api/v1/auth/login", "/api/v1/auth/me"])
def test_method_that_an_address_does_not_have_is_not_allowed(method, path, page, administrator):
    assert page(administrator).generic(method, path).status_code == 405


@pytest.mark.parametrize("language", ["xx", "../../etc", "zh-hans\r\nSet-Cookie: a=b", "", "e" * 5000])
def test_unknown_language_changes_nothing(language, client, db):
    answer = client.post("/language/", {"language": language, "next": "/sign-in/"})
    assert answer.status_code in (204, 302, 400)
    assert "a" not in answer.cookies
    client.cookies["django_language"] = "xx"
    assert client.get("/sign-in/").headers["Content-Language"] == "zh-hans"


@pytest.mark.parametrize(
    "where", ["https://evil.example/", "//evil.example", "javascript:alert(1)", "\\\\evil.example"]
)
@pytest.mark.parametrize("path", ["/language/", "/sign-in/"])
def test_nobody_is_sent_to_another_site(path, where, client, user):
    form = {"language": "en", "next": where, "username": user.username, "password": "correct horse battery"}
    assert "evil" not in client.post(f"{path}?next={where}", form).headers.get("Location", "")


@pytest.mark.parametrize("address", [one for one in OURS if "<" in one.route and one.method == "GET"], ids=str)
@pytest.mark.parametrize("value", ["x", "0", "-1", "9" * 400, "%2e%2e%2f", "é", "a'b", "%0d%0aX: 1"])
def test_object_that_cannot_be_named_so_is_absent(address, value, api, page, administrator):
    """Also numbers that no database can hold."""
    path = fill(address.route, given={}, pk=value)
    answer = (api if address.is_api else page)(administrator).get(path)
    assert answer.status_code in (302, 404), (path, answer.status_code, answer.content[:200])
