"""What an operator can set, from the environment (`RELAY_…`) and one TOML file, checked at the start.

The environment wins over the file. The file is `RELAY_CONFIG`, or `relay.toml` in the data folder. A setting
has the same name in both: `RELAY_DESK_PORT=8082` or `desk_port = 8082`. Every wrong one is named at once,
with what to write instead.
"""

from relay.settings.model import GIB, MIB, Settings
from relay.settings.reading import as_environ, load

__all__ = ["GIB", "MIB", "Settings", "as_environ", "load"]
