from __future__ import annotations


def test_unknown_address_of_the_api_answers_in_the_shape_of_an_error(client, db):
    answer = client.get("/api/v1/nothing-here")
    assert answer.status_code == 404
    assert answer.json()["code"] == "not_found"


def test_unknown_page_answers_with_a_page(client, db):
    assert client.get("/nothing-here").headers["Content-Type"].startswith("text/html")
