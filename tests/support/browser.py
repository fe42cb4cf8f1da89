"""A real Chromium for the browser tests."""

import os
import shutil

import pytest


def chromium() -> str:
    """The path of the installed Chromium. Without one the test is skipped; in CI it fails."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None:
        message = "no Chromium on this machine (Debian: apt-get install chromium)"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    return found
