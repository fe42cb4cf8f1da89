"""The worker process: Procrastinate on the same PostgreSQL, one id an argument.

Everything a job does is decided by the state tables. So a job may be lost, doubled or stalled without harm:
leases keep two workers apart, and once a minute `reconcile` enqueues what is unfinished.
"""

import asyncio
from contextlib import suppress
from pathlib import Path
from uuid import UUID

import procrastinate
import structlog
from procrastinate import JobContext, PsycopgConnector, RetryStrategy
from procrastinate.jobs import Status
from procrastinate.signals import on_stop

from relay.app import open_house
from relay.audit import checkpoint
from relay.db.transaction import Surface
from relay.errors import Unavailable
from relay.log import configure
from relay.settings import Settings
from workers.media import tools
from workers.media.model import Limits
from workers.media.network import Network
from workers.media.transcript import Model
from workers.sandbox.bubble import strongest
from workers.tasks import storekeeping, upkeep
from workers.tasks.keys import WorkerKeys
from workers.tasks.make_safe import make_safe
from workers.tasks.room import WorkRoom

FILES, PROMPT = "relay", "prompt"
"""The two queues. A letter, a release that is due and the upkeep take a moment, and wait for no film."""
_PROMPT_JOBS = 3
"""`reconcile` and `upkeep` may take one each."""
# as the login itself has no rights; and the queue's tables are in a schema of their own
_OPTIONS = "-c role=relay_worker -c search_path=jobs"
_PATIENCE = 3.0
"""Seconds to wait for a connection: a worker that is to end after its database has is not to hang on that."""


def make_app(settings: Settings, room: WorkRoom) -> procrastinate.App:
    """Return the queue's app with every task on it."""
    app = procrastinate.App(
        connector=PsycopgConnector(
            conninfo=settings.database, kwargs={"options": _OPTIONS}, timeout=_PATIENCE
        ),
        periodic_defaults={"max_delay": 120},
    )

    # which queue a job is in is said where it is enqueued: `relay.enqueue` in PostgreSQL
    @app.task(name="make_safe", queue=FILES, retry=RetryStrategy(max_attempts=3, exponential_wait=2))
    async def _make_safe(id: str) -> None:  # noqa: A002 - the one argument of every job
        await make_safe(room, UUID(id))

    @app.task(name="release_due", queue=PROMPT, retry=RetryStrategy(max_attempts=3, exponential_wait=2))
    async def _release_due(id: str) -> None:  # noqa: A002 - as above
        await upkeep.release_due(room, UUID(id))

    @app.periodic(cron="* * * * *")
    @app.task(name="reconcile", queue=PROMPT, queueing_lock="reconcile", pass_context=True)
    async def _reconcile(context: JobContext, timestamp: int) -> None:  # noqa: ARG001 - periodic tasks get it
        await clear_stalled(context.app)
        await upkeep.reconcile(room)

    @app.periodic(cron="*/10 * * * *")
    @app.task(name="upkeep", queue=PROMPT, queueing_lock="upkeep")
    async def _upkeep(timestamp: int) -> None:  # noqa: ARG001 - as above
        await upkeep.renew_keys(room)
        await upkeep.sweep(room)
        await checkpoint.take(room.house)

    @app.periodic(cron="30 3 * * *")
    @app.task(name="storekeeping", queue=FILES, queueing_lock="storekeeping")
    async def _storekeeping(timestamp: int) -> None:  # noqa: ARG001 - Procrastinate passes it
        await storekeeping.tidy(room)
        await storekeeping.missing(room)

    return app


async def clear_stalled(app: procrastinate.App) -> None:
    """Remove jobs whose worker is gone: the state tables bring back what they were about."""
    for job in await app.job_manager.get_stalled_jobs():
        await app.job_manager.finish_job(job, Status.FAILED, delete_job=True)


async def run(settings: Settings) -> None:
    """Work until SIGTERM or SIGINT; then finish, or give back, what is in hand."""
    sandbox = await asyncio.to_thread(strongest)  # on a machine without walls a worker says so at once
    transcription = Model(Path(settings.transcription_model)) if settings.transcription_model else None
    if transcription:
        transcription.check()
    faces = Network(Path(settings.faces_model)) if settings.faces_model else None
    if faces:
        faces.check()
    async with open_house(settings, Surface.WORKER) as house:
        room = WorkRoom(
            house=house,
            keys=WorkerKeys(settings.worker_secrets),
            sandbox=sandbox,
            tools=tools.find(),
            limits=Limits(
                input_bytes=max(settings.audio_bytes, settings.video_bytes, settings.document_bytes)
            ),
            transcription=transcription,
            faces=faces,
        )
        await upkeep.renew_keys(room)
        app = make_app(settings, room)
        async with app.open_async():
            await upkeep.reconcile(room)
            # `relay up` waits for this line
            structlog.get_logger().info("ready", surface=str(Surface.WORKER))
            await work(app, settings.worker_jobs)


async def work(app: procrastinate.App, jobs: int) -> None:
    """Do what is in the queues, `jobs` files at once. Ends at SIGTERM, SIGINT, or when it is cancelled.

    Raises `Unavailable` where one of the queues is not worked on any more: Procrastinate ends quietly when
    a heartbeat fails once. Whoever started this process starts another.
    """
    async with asyncio.TaskGroup() as group:
        lanes = [
            group.create_task(
                app.run_worker_async(
                    queues=[queue],
                    concurrency=concurrency,
                    delete_jobs="always",
                    shutdown_graceful_timeout=5,
                    install_signal_handlers=False,
                )
            )
            for queue, concurrency in ((FILES, jobs), (PROMPT, _PROMPT_JOBS))
        ]

        stopping = False

        def stop() -> None:
            nonlocal stopping
            stopping = True
            for lane in lanes:
                lane.cancel()  # Procrastinate lets what is in hand end, or gives it back

        with on_stop(stop):
            await asyncio.wait(lanes, return_when=asyncio.FIRST_COMPLETED)
            by_itself = not stopping
            if by_itself:  # never twice: the second would take the time to end from what is in hand
                stop()
            await asyncio.wait(lanes)
    if by_itself:
        raise Unavailable


def main(settings: Settings) -> None:
    """Run the worker process."""
    configure()
    with suppress(KeyboardInterrupt):
        asyncio.run(run(settings))
