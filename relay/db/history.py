"""Which files a database was made of. One of other files, or of a newer Relay, is refused as it is."""

from hashlib import sha256
from pathlib import Path
from typing import Any

from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from relay.errors import Unavailable

SQL = Path(__file__).parent / "sql"

_MADE_OTHERWISE = (
    "The database in this place was made by another state of Relay: {what}. Nothing was changed in it."
    " Use the version that made it, or begin in an empty folder or database."
)
_NEWER = (
    "The database in this place is of a newer version of Relay ({what}). Nothing was changed in it."
    " Use that version or a later one."
)


def refuse_another(connection: Connection, known: ScriptDirectory) -> None:
    """Raise `Unavailable` for a database that `known` versions, with the files as they are, did not make."""
    if connection.scalar(text("SELECT to_regclass('public.schema_version')")) is None:
        connection.execute(
            text(
                "CREATE TABLE IF NOT EXISTS public.schema_files (name text PRIMARY KEY, sha256 text NOT NULL)"
            )
        )
        return
    for (version,) in connection.execute(text("SELECT version_num FROM public.schema_version")):
        if version not in {one.revision for one in known.walk_revisions()}:
            raise Unavailable(_NEWER.format(what=version))
    if connection.scalar(text("SELECT to_regclass('public.schema_files')")) is None:
        raise Unavailable(_MADE_OTHERWISE.format(what="it does not say by which files"))
    for name, made_of in connection.execute(
        text("SELECT name, sha256 FROM public.schema_files ORDER BY name")
    ):
        path = SQL / name
        if not path.exists() or _digest(path.read_bytes()) != made_of:
            raise Unavailable(_MADE_OTHERWISE.format(what=f"{name} is not what it was then"))


def run(driver: Any, name: str) -> None:
    """Run a file of `sql/`, and remember what it was."""
    content = (SQL / name).read_bytes()
    # without parameters: the text goes to the server as it stands, statements and per cent signs and all
    driver.execute(content)
    driver.execute("INSERT INTO public.schema_files VALUES (%s, %s)", [name, _digest(content)])


def _digest(content: bytes) -> str:
    return sha256(content).hexdigest()
