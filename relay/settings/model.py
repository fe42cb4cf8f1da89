"""Everything that can be set, with what each is by itself."""

import os
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Meta

SECRET = frozenset({"postgres", "database"})
"""Settings that hold a password: never shown, never passed on unasked."""

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
LongDays = Annotated[int, Meta(ge=1, le=1_830, description="days, from 1 to 1830")]
Days = Annotated[int, Meta(ge=1, le=90, description="days, from 1 to 90")]
Tries = Annotated[int, Meta(ge=1, le=10_000, description="a number of tries, from 1 to 10000")]
Count = Annotated[int, Meta(ge=1, le=1_000_000, description="a number from 1 to 1000000")]
Contact = Annotated[
    str,
    Meta(
        max_length=300,
        pattern=r"^[^\x00-\x09\x0b-\x1f\x7f]*$",
        description="up to 300 characters of plain text, on one line or several",
    ),
]
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

    proxies: Annotated[
        str,
        Meta(
            pattern=r"^[0-9A-Fa-f.:/, ]*$",
            description="addresses, such as 127.0.0.1 or 10.0.0.0/24, with commas between",
        ),
    ] = ""
    """Reverse proxies in front of the apps: where these connect, X-Forwarded-For says who asks. Tries to sign
    in are counted by that address; without it everybody behind a proxy counts as one."""

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

    assessment_days: LongDays = 365
    """The longest that a safety assessment holds before both sides are looked at again."""
    cooling_off_hours: Hours = 0
    other_person: Words = "the other person"
    contact: Contact = ""
    """How participants reach the service's people, and when: telephone, hours, a crisis line. It stands at
    sign-in too, where anybody can read it, so it should not say what the service is."""
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
        shown = {name: getattr(self, name) for name in self.__struct_fields__ if name not in SECRET}
        return f"Settings({', '.join(f'{name}={value!r}' for name, value in shown.items())})"
