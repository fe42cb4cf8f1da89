"""What an operator can set, from the environment (`RELAY_…`) and one TOML file, checked at the start.

The environment wins over the file. The file is `RELAY_CONFIG`, or `relay.toml` in the data folder. A setting
has the same name in both: `RELAY_DESK_PORT=8082` or `desk_port = 8082`. Every wrong one is named at once,
with what to write instead.
"""

import difflib
import os
import re
import shutil
import tomllib
from collections.abc import Mapping
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

import msgspec
from msgspec import Meta

from relay.errors import SettingsRefused

_PREFIX = "RELAY_"
_CONFIG = "RELAY_CONFIG"
_SECRET = frozenset({"postgres", "database"})

Port = Annotated[int, Meta(ge=0, le=65535, description="a port from 1 to 65535, or 0 for any free one")]
Host = Annotated[
    str, Meta(pattern=r"^[0-9A-Za-z.:-]+$", description="an address or host name, such as 127.0.0.1")
]
Origin = Annotated[
    str,
    Meta(
        pattern=r"^(|https?://[0-9A-Za-z.\[\]:-]+)$",
        description="scheme and host, such as https://relay.example.org, without a path or a final slash",
    ),
]
Bytes = Annotated[
    int, Meta(ge=0, description="a number of bytes, or a number and KiB, MiB, GiB or TiB, such as 512 MiB")
]
Minutes = Annotated[int, Meta(ge=1, le=60 * 24 * 7, description="minutes, from 1 to 10080")]
Hours = Annotated[int, Meta(ge=0, le=24 * 90, description="hours, from 0 to 2160")]
Days = Annotated[int, Meta(ge=1, le=90, description="days, from 1 to 90")]
Tries = Annotated[int, Meta(ge=1, le=10_000, description="a number of tries, from 1 to 10000")]
Count = Annotated[int, Meta(ge=1, le=1_000_000, description="a number from 1 to 1000000")]
Words = Annotated[str, Meta(min_length=1, max_length=60, description="one to sixty characters")]

KIB, MIB, GIB = 2**10, 2**20, 2**30
_OTHER_CONNECTIONS = 20
"""The job queue's, migrations, commands, and what PostgreSQL keeps for its administrator."""


def _cores() -> int:
    """Return how many cores this process may use, up to the four that a stack on one machine is made for."""
    return min(4, len(os.sched_getaffinity(0)))


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that can be set. Paths are absolute; sizes are bytes. Its repr hides the passwords."""

    data: Path = Path("data")
    """The one folder that holds everything of an embedded stack."""
    environment: Annotated[
        Literal["production", "development"], Meta(description="production or development")
    ] = "production"

    participants_host: Host = "127.0.0.1"
    participants_port: Port = 8081
    participants_origin: Origin = ""
    """What participants type; derived from host and port when empty."""
    participants_processes: Annotated[int, Meta(ge=1, le=64, description="a number from 1 to 64")] = (
        msgspec.field(default_factory=_cores)
    )
    """Processes of the participants' app on one port. By itself: one for each core, at most 4."""
    desk_host: Host = "127.0.0.1"
    desk_port: Port = 8082
    desk_origin: Origin = ""

    postgres: str = ""
    """The administrator's address of a PostgreSQL server; empty: the embedded one."""
    database: str = ""
    """The address with this process's own login. `relay up` gives each of its children one."""
    database_connections: Count = 10
    """The most that one process keeps open; `connections` says what that comes to."""

    blobs: Path = Path()
    keyring: Path = Path()
    worker_secrets: Path = Path()
    checkpoints: Path = Path()
    """Where signed checkpoints of the audit chains go: outside the database's reach."""

    person_quota: Bytes = 8 * GIB
    case_quota: Bytes = 40 * GIB
    store_watermark: Bytes = 500 * GIB
    """Over this no new upload begins, anywhere."""
    letter_characters: Count = 20_000
    audio_bytes: Bytes = 512 * MIB
    video_bytes: Bytes = 4 * GIB
    document_bytes: Bytes = 256 * MIB
    case_items: Count = 1000
    """Items that one person may ever start in one case, those taken back too: more than anybody writes."""
    case_choices: Count = 500
    """Times that one person may agree, and go on after a pause, in one case. Taking back is never limited."""
    upload_hours: Annotated[int, Meta(ge=1, le=24 * 30, description="hours, from 1 to 720")] = 48
    """An upload that nobody continues for so long is swept."""

    session_idle_minutes: Minutes = 20
    session_minutes: Minutes = 8 * 60
    sign_in_tries: Tries = 5
    """Per name; per network address ten times as many."""
    sign_in_minutes: Minutes = 15
    invitation_days: Days = 14

    cooling_off_hours: Hours = 0
    other_person: Words = "the other person"
    time_zone: Words = "Europe/London"
    """The zone, by its IANA name, in which people read and type times. What is stored is UTC."""
    lease_minutes: Minutes = 30
    """How long a facilitator's claim on an item holds without being renewed."""

    ffmpeg: str = ""
    """The path of another ffmpeg than the packaged one."""
    transcription_model: str = ""
    """A folder with a faster-whisper model; reviewers are then shown a draft of what is said."""
    faces_model: str = ""
    """The file centerface.onnx; faces can then be covered in films, as far as they are found."""
    print_fonts: Path = Path("/usr/share/fonts")
    """Where the fonts are that letters are printed in; folders below it are looked through too."""
    worker_jobs: Annotated[int, Meta(ge=1, le=64, description="a number from 1 to 64")] = 1

    @property
    def connections(self) -> int:
        """Database connections that a whole stack may have open, with some for the operator's commands."""
        processes = self.participants_processes + 2  # the desk, and a worker
        return processes * self.database_connections + _OTHER_CONNECTIONS

    @property
    def zone(self) -> ZoneInfo:
        """The time zone in which people read and type times."""
        return ZoneInfo(self.time_zone)

    @property
    def postgres_folder(self) -> Path:
        """The embedded server's files."""
        return self.data / "postgres"

    @property
    def run_folder(self) -> Path:
        """Locks, ports and the database passwords of an embedded stack."""
        return self.data / "run"

    @property
    def log_folder(self) -> Path:
        """What the processes of an embedded stack write."""
        return self.data / "log"

    def __repr__(self) -> str:
        shown = {name: getattr(self, name) for name in self.__struct_fields__ if name not in _SECRET}
        return f"Settings({', '.join(f'{name}={value!r}' for name, value in shown.items())})"


_FOLDERS = {"blobs": "blobs", "keyring": "keyring", "worker_secrets": "workers", "checkpoints": "checkpoints"}
_MODEL_FILES = ("config.json", "model.bin", "tokenizer.json")
_TYPES = {field.name: field.type for field in msgspec.structs.fields(Settings)}


def load(environ: Mapping[str, str], file: Path | None = None) -> Settings:
    """Read, check and complete the settings, or raise `SettingsRefused` with a line for each wrong one."""
    problems: list[str] = []
    written = _from_file(environ, file, problems) | _from_environ(environ, problems)
    values = {name: _checked(name, value, source, problems) for name, (value, source) in written.items()}
    if problems:
        raise SettingsRefused("\n".join(problems))
    settings = _completed(Settings(**values))
    problems += _contradictions(settings)
    if problems:
        raise SettingsRefused("\n".join(problems))
    return settings


def as_environ(settings: Settings, **changed: Any) -> dict[str, str]:
    """The settings as a child process is given them: `RELAY_…`, complete, so that it reads no file.

    The two database addresses are left out unless named: each child gets its own login and no other.
    """
    values = {name: getattr(settings, name) for name in _TYPES if name not in _SECRET} | changed
    return {f"{_PREFIX}{name.upper()}": str(value) for name, value in values.items()} | {_CONFIG: os.devnull}


def _from_environ(environ: Mapping[str, str], problems: list[str]) -> dict[str, tuple[object, str]]:
    found: dict[str, tuple[object, str]] = {}
    for key, value in environ.items():
        if not key.startswith(_PREFIX) or key == _CONFIG or not value:
            continue  # empty is how a compose file says "not set"
        name = key.removeprefix(_PREFIX).lower()
        if name in _TYPES:
            found[name] = (value, key)
        else:
            problems.append(_unknown(key, [f"{_PREFIX}{known.upper()}" for known in _TYPES]))
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
            problems.append(_unknown(f"{name} in {path}", list(_TYPES)))
    return found


def _unknown(name: str, known: list[str]) -> str:
    close = difflib.get_close_matches(name.split(" ", maxsplit=1)[0], known, n=1)
    hint = f"Did you mean {close[0]}?" if close else "Take it out."
    return f"{name} is not a setting. {hint}"


def _checked(name: str, value: object, source: str, problems: list[str]) -> Any:
    kind = _TYPES[name]
    if kind == Bytes and isinstance(value, str):
        value = _bytes(value)
    try:
        return msgspec.convert(value, kind, strict=False, dec_hook=_path)
    except (msgspec.ValidationError, TypeError, ValueError):
        shown = "what is there" if name in _SECRET else repr(value)
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


def _contradictions(settings: Settings) -> list[str]:
    return [
        *_wrong_addresses(settings),
        *_wrong_folders(settings),
        *_wrong_limits(settings),
        *_wrong_zone(settings.time_zone),
    ]


def _wrong_zone(name: str) -> list[str]:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # a folder of zones, such as Europe, is an OSError
        if not available_timezones():
            return ["This machine has no list of time zones. Install the package tzdata."]
        by_last = {known.rpartition("/")[2].casefold(): known for known in sorted(available_timezones())}
        close = by_last.get(name.rpartition("/")[2].strip().replace(" ", "_").casefold(), "Europe/London")
        return [f"time_zone is {name!r}, which is no time zone. Write its IANA name, such as {close} or UTC."]
    return []


def _wrong_addresses(settings: Settings) -> list[str]:
    problems = []
    for app in ("participants", "desk"):
        host, port, origin = (getattr(settings, f"{app}_{part}") for part in ("host", "port", "origin"))
        if not origin and port != 0:
            problems.append(
                f"{app}_origin is empty, and {host} is no address that people can type. Write one."
            )
        if (
            settings.environment == "production"
            and origin.startswith("http:")
            and not _is_loopback(urlsplit(origin).hostname or "")
        ):
            problems.append(f"{app}_origin is {origin}. Write https:// in production: sessions need it.")
    one = (settings.participants_host, settings.participants_port)
    if one == (settings.desk_host, settings.desk_port) and settings.desk_port != 0:
        problems.append(
            "participants_port and desk_port are the same. Write two: the two apps never share one."
        )
    if settings.desk_origin and settings.participants_origin == settings.desk_origin:
        problems.append(
            "participants_origin and desk_origin are the same. Write two: cookies must not be shared."
        )
    return problems


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _wrong_folders(settings: Settings) -> list[str]:
    problems: list[str] = []
    # whoever copies the database's or the store's folder must not get the keys with it
    for name in ("keyring", "worker_secrets", "checkpoints"):
        folder: Path = getattr(settings, name)
        problems += [
            f"{name} is {folder}, inside {other}. Write a folder outside of it."
            for other in (settings.postgres_folder, settings.blobs)
            if folder.resolve().is_relative_to(other.resolve())
        ]
    model = settings.transcription_model
    for name in _MODEL_FILES if model else ():
        if not (Path(model) / name).is_file():
            problems.append(
                f"transcription_model is {model}, which has no {name}."
                " Write the folder of a faster-whisper model, or take it out."
            )
    if settings.faces_model and not Path(settings.faces_model).is_file():
        problems.append(
            f"faces_model is {settings.faces_model}, which is no file."
            " Write where centerface.onnx is, or take it out."
        )
    if settings.ffmpeg and shutil.which(settings.ffmpeg) is None:
        problems.append(f"ffmpeg is {settings.ffmpeg}, which is no program. Write its path, or take it out.")
    return problems


def _wrong_limits(settings: Settings) -> list[str]:
    problems = []
    for less, more in (
        ("session_idle_minutes", "session_minutes"),
        ("person_quota", "case_quota"),
        ("case_quota", "store_watermark"),
        ("video_bytes", "person_quota"),
        ("audio_bytes", "person_quota"),
        ("document_bytes", "person_quota"),
    ):
        if getattr(settings, less) > getattr(settings, more):
            problems.append(
                f"{less} ({getattr(settings, less)}) is more than {more} ({getattr(settings, more)}). "
                f"Write less for {less}, or more for {more}."
            )
    return problems
