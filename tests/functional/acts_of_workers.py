"""What workers do: by the real tasks, twice each, since a job may come twice."""

from uuid import UUID

from relay.exchange import processing
from tests.functional.oracle import LEASE, MOST_TRIES
from tests.functional.scene import Dice, Scene
from workers.tasks.keys import publish, retire
from workers.tasks.make_safe import make_safe
from workers.tasks.upkeep import ABANDONED_AFTER, reconcile, release_due, sweep


class Workers(Scene):
    """Acts through the worker's tasks."""

    def work(self, _: Dice | None = None) -> None:
        """Everything that is waiting is made safe, and every release whose time has come is carried out."""
        self.wait(publish(self.room.house, self.room.keys))
        for revision_id in self._asked("SELECT relay.unfinished_revisions(%s)"):
            self.wait(make_safe(self.room, revision_id))
            self.wait(make_safe(self.room, revision_id))
        now = self.clock.now
        for item in self.world.items:
            if item.state == "submitted" and not (item.leased_until and item.leased_until >= now):
                item.has_been_worked_on()
                self.entries += 1
                self.may_show.add(item.author.id)
        self.carry_out_what_is_due()

    def _asked(self, question: str) -> list[UUID]:
        async def answered() -> list[UUID]:
            async with self.room.house.database.before_sign_in() as tx:
                return await tx.values(question, [self.clock()])

        return self.wait(answered())

    def carry_out_what_is_due(self, _: Dice | None = None) -> None:
        """Each is released if the model says that it may be, and only then."""
        planned = {
            row.id: row
            for row in self.checks.rows("SELECT id, item_id, recipient_id FROM relay.scheduled_releases")
        }
        by_id = {item.id: item for item in self.world.items}
        for release_id in self._asked("SELECT relay.due_releases(%s)"):
            item, recipient = by_id[planned[release_id].item_id], planned[release_id].recipient_id
            plan = item.plans.pop(recipient)
            assert plan.due <= self.clock.now
            goes = self.world.falls_due(item, plan, recipient, self.clock.now)
            self.wait(release_due(self.room, release_id))
            self.wait(release_due(self.room, release_id))
            self.entries += 1
            if goes:
                self.has_been_released(item, recipient, release_id, plan.note)
            else:
                item.a_plan_is_over()
            self.what_became_readable_was_given()

    def a_worker_dies(self, dice: Dice) -> None:
        """It has taken a revision, and is never heard of again."""
        waiting = [item for item in self.world.items if item.state == "submitted" and item.tries < MOST_TRIES]
        if not waiting:
            return
        item = waiting[dice.which % len(waiting)]
        [(revision_id,)] = self.checks.rows(
            "SELECT id FROM relay.revisions WHERE item_id = %s AND number = %s", item.id, item.revision
        )
        free = not (item.leased_until and item.leased_until > self.clock.now)
        taken = self.wait(processing.take(self.room.house, revision_id))
        assert (taken is not None) == free, "two workers have one revision"
        if taken is not None:
            item.tries, item.leased_until = taken.tries, self.clock.now + LEASE
            self.may_show.add(item.author.id)  # the step that the worker had come to

    def let_a_day_pass(self) -> None:
        """A new epoch begins; private halves that nothing waits for are destroyed."""
        self.wait(publish(self.room.house, self.room.keys))
        self.wait(retire(self.room.house, self.room.keys))
        self.wait(reconcile(self.room))
        self.sweep_up()

    def sweep_up(self) -> None:
        """What nobody goes on with is removed: uploads that have expired, and what refused acts had begun."""
        abandoned = {
            row.id
            for row in self.checks.rows(
                "SELECT relay.abandoned_objects(%s, %s) AS id", self.clock.now, ABANDONED_AFTER
            )
        }
        expired = [
            upload
            for upload in self.world.uploads()
            if upload.state == "open" and not upload.arrives(self.clock.now)
        ]
        assert abandoned >= {upload.id for upload in expired}, "an upload that has expired stays"
        assert not abandoned & {one.id for one in self.world.uploads() if one.arrives(self.clock.now)}
        self.entries += self.wait(sweep(self.room))
        for upload in expired:
            upload.state = "ended"

    def everything_comes_to_an_end(self) -> None:
        """The workers do all that is left: nothing that was sent is lost."""
        self.clock.go(minutes=3)
        self.work()
        self.after_each_step()
        self.checks.nothing_lost()
        self.clock.go(hours=self.service.worker.settings.upload_hours + 1)
        self.sweep_up()
        self.after_each_step()
        self.checks.every_upload_has_ended(self.world)
        self.checks.stored()
