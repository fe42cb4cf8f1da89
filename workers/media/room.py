"""One job in the media room: its sandbox, its limits, its way to report and to be stopped."""

import os
import struct
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

from relay.exchange.edits import Edits
from relay.vault.spool import Spool
from workers.media import answers
from workers.media.budget import Share
from workers.media.model import Cancelled, Limits, MediaRefused, Reason
from workers.media.network import Network
from workers.media.tools import Tools
from workers.sandbox.pipe import Pipe
from workers.sandbox.protocol import Caps
from workers.sandbox.runner import Child, Sandbox, Task
from workers.sandbox.running import Ear, Ending, Running, Stop, nothing, watch
from workers.sandbox.window import Window

UNCHANGED = Edits()

LOOK_SECONDS = 120
LOOK_OUTPUT = 16 << 20


@dataclass(frozen=True)
class Room:
    """What every step of a job needs."""

    sandbox: Sandbox
    tools: Tools
    limits: Limits
    progress: Callable[[int], None]
    stopped: Callable[[], bool]
    edits: Edits = UNCHANGED
    spool: Callable[[], Spool] = Spool
    """Where a result is set aside while it is made, sealed, on a disk with room for it."""
    faces: Network | None = None
    """What finds faces, where the operator has it."""
    memory: Share | None = None
    """What this job was promised of the worker's memory."""

    def seconds(self, length_ms: int) -> int:
        """How long work on something of this length may take."""
        return self.limits.least_seconds + length_ms * self.limits.slowness // 1000

    def caps(self, seconds: int, output_bytes: int) -> Caps:
        """Caps of one child; all processors may be busy all of the time."""
        processors = os.cpu_count() or 1
        return Caps(seconds * processors, self.limits.memory_bytes, output_bytes)

    def start(self, held: ExitStack, *tasks: Task) -> list[Running]:
        """Start children side by side, which end with `held`."""
        return [held.enter_context(running) for running in self.sandbox.start_all(tasks)]

    def ask(
        self,
        child: Child,
        layout: struct.Struct,
        source: int | Window,
        *outputs: int,
        seconds: int = LOOK_SECONDS,
    ) -> tuple[int, ...]:
        """Let a child look at a file and answer in numbers; `Garbled` if it does not."""
        with Pipe() as answer:
            caps = self.caps(seconds, LOOK_OUTPUT)
            task = Task(child, (source,), (answer.writing, *outputs), caps)
            with self.sandbox.start(task) as running:
                answer.close(answer.writing)
                self.follow([running], seconds)
            return answers.receive(answer.reading, layout)

    def follow(
        self,
        children: Sequence[Running],
        seconds: float,
        *listen: Ear,
        meanwhile: Callable[[], None] = nothing,
    ) -> list[Ending]:
        """Wait for children; being stopped or too slow ends the whole job."""
        endings = watch(children, seconds=seconds, stopped=self.stopped, listen=listen, meanwhile=meanwhile)
        if any(ending.stop is Stop.WISH for ending in endings):
            raise Cancelled
        if any(ending.out_of_time for ending in endings):
            raise MediaRefused(Reason.OUT_OF_TIME)
        return endings
