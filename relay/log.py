"""Structured logs: one JSON object a line, of fields on an allow-list (SAFETY 22).

Nothing else gets through, whoever passes it: no path (it may hold an identifier that somebody guessed), no
address, no text of an exception. Other people's loggers speak at WARNING and above, and of those only the
logger's name and the kind of exception are kept: their sentences are built from data.
"""

import logging
import sys
import traceback
from collections.abc import MutableMapping
from types import TracebackType
from typing import Any, Final, TypeAlias

import structlog

Fields: TypeAlias = MutableMapping[str, Any]

ALLOWED: Final = frozenset(
    {
        "at",  # time, UTC
        "level",
        "event",  # a literal of ours
        "logger",
        "surface",
        "method",
        "route",  # the template, as in /items/{item_id}; never the path
        "status",
        "milliseconds",
        "error",  # class of an exception
        "code",  # of our own errors
        "sqlstate",
        "where",  # file, line and function of each frame; no values
        "task",
        "count",
    }
)


READY: Final = '"event": "ready"'
"""In the line that a process of ours writes once it can do its work. `relay up` waits for it."""


def frames(trace: TracebackType | None) -> list[str]:
    """Where an exception came from: file, line and function of each frame. No source, no values."""
    return [f"{f.filename.rpartition('/')[2]}:{f.lineno} {f.name}" for f in traceback.extract_tb(trace)][-12:]


def describe(error: BaseException) -> dict[str, object]:
    """Say what kind of error it was and where, with nothing of its text."""
    sqlstate = getattr(error, "sqlstate", None)
    found: dict[str, object] = {"error": type(error).__name__, "where": frames(error.__traceback__)}
    return found | ({"sqlstate": sqlstate} if isinstance(sqlstate, str) else {})


def _only_allowed(_logger: object, _method: str, fields: Fields) -> Fields:
    return {name: value for name, value in fields.items() if name in ALLOWED}


class _Foreign(logging.Handler):
    """Turns a record of somebody else's logger into one of ours, without its sentence."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write the record's logger, level and kind of exception."""
        error = record.exc_info[1] if record.exc_info else None
        about = describe(error) if error is not None else {}
        structlog.get_logger().log(record.levelno, "library", logger=record.name, **about)


def configure() -> None:
    """Set up logging for this process: once, before anything else logs."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
            _only_allowed,
            structlog.processors.JSONRenderer(sort_keys=True),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.WriteLoggerFactory(sys.stdout),
        cache_logger_on_first_use=False,
    )
    root = logging.getLogger()
    root.handlers[:] = [_Foreign(logging.WARNING)]
    root.setLevel(logging.WARNING)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access", "uvicorn.asgi", "litestar", "procrastinate"):
        library = logging.getLogger(name)
        library.handlers.clear()
        library.setLevel(logging.WARNING)
        library.propagate = True
