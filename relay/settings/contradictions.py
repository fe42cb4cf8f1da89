"""What of the settings does not go together, or is not there: a sentence for each, saying what to write."""

import shutil
from ipaddress import ip_address, ip_network
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from relay.settings.model import Settings

_MODEL_FILES = ("config.json", "model.bin", "tokenizer.json")


def contradictions(settings: Settings) -> list[str]:
    """Return all of them; nothing if the settings can be used."""
    return [
        *_wrong_addresses(settings),
        *_wrong_proxies(settings.proxies),
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


def _wrong_proxies(written: str) -> list[str]:
    problems = []
    for one in written.split(",") if written.strip() else ():
        try:
            ip_network(one.strip())
        except ValueError:
            problems.append(
                f"proxies has {one.strip()!r}, which is no address. Write such as 127.0.0.1 or 10.0.0.0/24."
            )
    return problems


def uncounted(settings: Settings) -> str:
    """Say what to write where a proxy is in front and nothing was said of it; empty if nothing is amiss."""
    secure = any(one.startswith("https:") for one in (settings.participants_origin, settings.desk_origin))
    if settings.proxies or not secure:
        return ""
    return (
        "The apps are reached through a proxy, and `proxies` is empty: tries to sign in are counted as if all"
        ' came from one person, who can then keep everybody out. Write such as proxies = "127.0.0.1".'
    )


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
