"""Where an unsafe request came from, by what browsers say of it (SAFETY 20). Pure.

`Referrer-Policy: no-referrer` makes browsers send `Origin: null` with forms of our own pages (Fetch, "append
a request `Origin` header"). So `null` is believed only where `Sec-Fetch-Site` vouches for it, or a token that
is bound to the session.
"""

from collections.abc import Mapping

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def same_origin(headers: Mapping[str, str]) -> bool | None:
    """Tell whether a request came from our own pages: yes, no, or None if nothing in it says.

    Only something that is no browser says nothing: every browser sends one of the two with an unsafe request.
    """
    site = headers.get("sec-fetch-site")
    if site is not None and site != "same-origin":
        return False
    origin = headers.get("origin")
    if origin is None or origin == "null":
        if site is not None:
            return True
        return None if origin is None else False
    return origin.rpartition("://")[2].lower() == headers.get("host", "").lower()


def cross_site(headers: Mapping[str, str]) -> bool:
    """Tell whether a request is known to come from somebody else's page, leaving a lone `Origin: null` open.

    For requests that prove themselves by a token as well.
    """
    if headers.get("origin") == "null" and "sec-fetch-site" not in headers:
        return False
    return same_origin(headers) is False
