"""Settings as they are written: in the environment, in a file, and to a child process."""

import difflib
import os
import re
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Meta

from relay.errors import SettingsRefused
from relay.settings.contradictions import contradictions
from relay.settings.model import SECRET, Bytes, Settings

_PREFIX = "RELAY_"
_CONFIG = "RELAY_CONFIG"
_NOT_OURS = frozenset({"RELAY_CONFIG", "RELAY_DEMO_WAIT"})
"""No settings: the first says where they are written, the second is `relay demo`'s own."""
_NEAR = 0.75
"""How much of a name must be the same (as `difflib` counts) for it to be a slip of the pen."""
_FOLDERS = {"blobs": "blobs", "keyring": "keyring", "worker_secrets": "workers", "checkpoints": "checkpoints"}
_TYPES = {field.name: field.type for field in msgspec.structs.fields(Settings)}


def load(environ: Mapping[str, str], file: Path | None = None) -> Settings:
    """Read, check and complete the settings, or raise `SettingsRefused` with a line for each wrong one."""
    problems: list[str] = []
    written = _from_file(environ, file, problems) | _from_environ(environ, problems)
    values = {name: _checked(name, value, source, problems) for name, (value, source) in written.items()}
    if problems:
        raise SettingsRefused("\n".join(problems))
    settings = _completed(Settings(**values))
    problems += contradictions(settings)
    if problems:
        raise SettingsRefused("\n".join(problems))
    return settings


def as_environ(settings: Settings, **changed: Any) -> dict[str, str]:
    """The settings as a child process is given them: `RELAY_…`, complete, so that it reads no file.

    The two database addresses are left out unless named: each child gets its own login and no other.
    """
    values = {name: getattr(settings, name) for name in _TYPES if name not in SECRET} | changed
    return {f"{_PREFIX}{name.upper()}": str(value) for name, value in values.items()} | {_CONFIG: os.devnull}


def _from_environ(environ: Mapping[str, str], problems: list[str]) -> dict[str, tuple[object, str]]:
    found: dict[str, tuple[object, str]] = {}
    for key, value in environ.items():
        if not key.startswith(_PREFIX) or key in _NOT_OURS or not value:
            continue  # empty is how a compose file says "not set"
        name = key.removeprefix(_PREFIX).lower()
        if name in _TYPES:
            found[name] = (value, key)
        else:
            problems.append(_unknown(key, name, lambda known: f"{_PREFIX}{known.upper()}"))
    return found


def _from_file(
    environ: Mapping[str, str], file: Path | None, problems: list[str]
) -> dict[str, tuple[object, str]]:
    path = file or (Path(environ[_CONFIG]) if environ.get(_CONFIG) else None)
    asked_for = path is not None
    path = path or Path(environ.get("RELAY_DATA") or "data") / "relay.toml"
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        if asked_for:
            problems.append(
                f"The settings file {path} is not there. Make it, or take its name out of {_CONFIG}."
            )
        return {}
    except OSError as error:
        problems.append(f"The settings file {path} cannot be read: {error.strerror}.")
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        problems.append(f"{path} is not TOML: {error}. Write one setting a line, such as: desk_port = 8082")
        return {}
    found: dict[str, tuple[object, str]] = {}
    for name, value in table.items():
        if name in _TYPES:
            found[name] = (value, f"{name} in {path}")
        else:
            problems.append(_unknown(f"{name} in {path}", name, str))
    return found


def _unknown(source: str, name: str, written: Callable[[str], str]) -> str:
    close = difflib.get_close_matches(name, _TYPES, n=1, cutoff=_NEAR)
    hint = f"Did you mean {written(close[0])}?" if close else "Take it out."
    return f"{source} is not a setting. {hint}"


def _checked(name: str, value: object, source: str, problems: list[str]) -> Any:
    kind = _TYPES[name]
    if kind == Bytes and isinstance(value, str):
        value = _bytes(value)
    try:
        return msgspec.convert(value, kind, strict=False, dec_hook=_path)
    except (msgspec.ValidationError, TypeError, ValueError):
        shown = "what is there" if name in SECRET else repr(value)
        problems.append(f"{source}: {shown} will not do. Write {_description(kind)}.")
        return None


def _description(kind: Any) -> str:
    for meta in getattr(kind, "__metadata__", ()):
        if isinstance(meta, Meta) and meta.description:
            return meta.description
    return "a path" if kind is Path else "a text in quotation marks"


def _path(kind: type, value: object) -> object:
    if kind is Path and isinstance(value, str) and value and "\0" not in value:
        return Path(value).expanduser()
    raise ValueError(value)


def _bytes(text: str) -> int | str:
    """`512 MiB` as a number; what is not understood comes back as it is, to be refused."""
    match = re.fullmatch(r"\s*(\d{1,15})\s*(?:([KMGT])iB)?\s*", text)
    if match is None:
        return text
    return int(match[1]) << (10 * " KMGT".index(match[2] or " "))


def _completed(settings: Settings) -> Settings:
    """Fill in what follows from the rest."""
    data = settings.data.absolute()
    folders = {
        name: (data / folder if getattr(settings, name) == Path() else getattr(settings, name).absolute())
        for name, folder in _FOLDERS.items()
    }
    return msgspec.structs.replace(
        settings,
        data=data,
        **folders,
        participants_origin=settings.participants_origin
        or _origin(settings.participants_host, settings.participants_port),
        desk_origin=settings.desk_origin or _origin(settings.desk_host, settings.desk_port),
    )


def _origin(host: str, port: int) -> str:
    """Empty while the port is still to be chosen, or where people cannot type the address."""
    if port == 0 or host in {"0.0.0.0", "::"}:  # noqa: S104  (it is refused, not bound)
        return ""
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
