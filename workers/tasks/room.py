"""What every task needs, made once a worker process and passed in."""

import msgspec

from relay.house import House
from workers.media.budget import Budget
from workers.media.model import Limits
from workers.media.network import Network
from workers.media.tools import Tools
from workers.media.transcript import Model
from workers.sandbox.runner import Sandbox
from workers.tasks.keys import WorkerKeys


class WorkRoom(msgspec.Struct, frozen=True, kw_only=True):
    """The house of the worker surface, the workers' keys, and how files are made safe."""

    house: House
    keys: WorkerKeys
    sandbox: Sandbox
    tools: Tools
    limits: Limits
    transcription: Model | None = None
    faces: Network | None = None
    memory: Budget = msgspec.field(default_factory=Budget)
    """Of all jobs of this process together."""
