"""Nothing reaches a log that is not on the list."""

import json
import logging

import pytest
import structlog

from relay import log


@pytest.fixture(autouse=True)
def _as_it_was() -> object:
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = before, level
    structlog.reset_defaults()


def test_fields_and_texts_that_are_not_allowed_are_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    log.configure()
    structlog.get_logger().info("request", route="/items/{item_id}", path="/items/secret-1", name="secret-2")
    try:
        int("secret-3")
    except ValueError as error:
        structlog.get_logger().error("request", **log.describe(error))
        logging.getLogger("somebody.else").exception("secret-4 %s", "secret-5")
    logging.getLogger("somebody.else").info("secret-6")
    written = capsys.readouterr().out
    assert "secret" not in written
    lines = [json.loads(line) for line in written.splitlines()]
    assert [line["event"] for line in lines] == ["request", "request", "library"]
    assert lines[0]["route"] == "/items/{item_id}"
    assert lines[1]["error"] == lines[2]["error"] == "ValueError"
    assert lines[1]["where"][-1].endswith("test_fields_and_texts_that_are_not_allowed_are_left_out")
