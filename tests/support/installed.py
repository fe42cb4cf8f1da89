"""Programs that some tests need, and that pip does not bring."""

import os
import shutil

import pytest

_SYSTEM = "/usr/sbin:/usr/local/sbin"
"""Where services are, which an ordinary user's search leaves out."""


def installed(package: str, *names: str) -> str:
    """The path of the first of `names` that is there; `package` is Debian's that brings one.

    Without any the test is skipped; in CI it fails.
    """
    places = os.pathsep.join((os.environ.get("PATH", os.defpath), _SYSTEM))
    found = next((path for name in names if (path := shutil.which(name, path=places))), None)
    if found is None:
        message = f"no {names[0]} on this machine (Debian: apt-get install {package})"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    return found
