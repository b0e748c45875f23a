from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    "address", ["/history/?search=%00", "/admin/training/trainingjob/?status__exact=%00", "/a%00b"]
)
def test_address_with_nul_is_a_bad_request(page, administrator, address):
    assert page(administrator).get(address).status_code == 400
