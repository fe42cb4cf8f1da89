"""Where a PostgreSQL server is and who signs in to it."""

from typing import Self
from urllib.parse import quote

import msgspec
import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from relay.errors import SettingsRefused


class Dsn(msgspec.Struct, frozen=True, kw_only=True):
    """A server, a database and a login. Its repr never shows the password."""

    host: str
    port: int
    user: str
    password: str
    database: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `postgresql://user:password@host:port/database`, or libpq's `host=… user=…`."""
        try:
            parts = conninfo_to_dict(text)
        except psycopg.ProgrammingError as error:
            raise SettingsRefused(
                "The database address cannot be read. Write postgresql://USER:PASSWORD@HOST:PORT/DATABASE."
            ) from error
        return cls(
            host=str(parts.get("host") or "127.0.0.1"),
            port=int(parts.get("port") or 5432),
            user=str(parts.get("user") or "postgres"),
            password=str(parts.get("password") or ""),
            database=str(parts.get("dbname") or "postgres"),
        )

    def but(
        self, *, user: str | None = None, password: str | None = None, database: str | None = None
    ) -> "Dsn":
        """The same server with another login or another database."""
        return msgspec.structs.replace(
            self,
            user=self.user if user is None else user,
            password=self.password if password is None else password,
            database=self.database if database is None else database,
        )

    @property
    def url(self) -> str:
        """What libpq takes.

        Only SCRAM is answered: whoever squats the port while the server is down is not told the password.
        """
        login = f"{quote(self.user, safe='')}:{quote(self.password, safe='')}"
        place = f"{quote(self.host, safe='')}:{self.port}/{quote(self.database, safe='')}"
        return f"postgresql://{login}@{place}?require_auth=scram-sha-256"

    @property
    def conninfo(self) -> str:
        """The same as `url`, in libpq's keyword form."""
        return make_conninfo(self.url)

    def __repr__(self) -> str:
        return f"Dsn({self.user} at {self.host}:{self.port}/{self.database})"

    __str__ = __repr__
