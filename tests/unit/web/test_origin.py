"""Where a request came from."""

import pytest

from relay.web.shared.origin import cross_site, same_origin

HOST = {"host": "relay.example"}


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"sec-fetch-site": "same-origin", "origin": "https://relay.example"}, True),
        ({"sec-fetch-site": "same-origin", "origin": "null"}, True),  # what browsers send under no-referrer
        ({"sec-fetch-site": "same-origin"}, True),
        ({"origin": "https://relay.example"}, True),
        ({"origin": "HTTPS://RELAY.EXAMPLE"}, True),
        ({}, None),
        ({"origin": "null"}, False),
        ({"origin": "https://evil.example"}, False),
        ({"origin": "https://relay.example.evil.example"}, False),
        ({"origin": "https://relay.example:8443"}, False),
        ({"sec-fetch-site": "cross-site"}, False),
        ({"sec-fetch-site": "same-site", "origin": "https://relay.example"}, False),
        ({"sec-fetch-site": "none"}, False),
    ],
)
def test_an_unsafe_request_is_ours_only_if_the_browser_says_so(
    headers: dict[str, str],
    expected: bool | None,  # noqa: FBT001 - what pytest passes
) -> None:
    assert same_origin(HOST | headers) is expected


def test_a_lone_null_origin_is_left_to_the_token() -> None:
    assert not cross_site(HOST | {"origin": "null"})
    assert cross_site(HOST | {"origin": "null", "sec-fetch-site": "cross-site"})
    assert cross_site(HOST | {"origin": "https://evil.example"})
    assert not cross_site(HOST)
