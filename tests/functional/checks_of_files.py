"""What must always be so of files: each stands where the model says, and none hangs."""

import pytest

from relay.errors import BlobMissing
from tests.functional.checks import Checks
from tests.functional.world import World

_OBJECT_OF = {"open": "writing", "complete": "ready", "ended": "gone"}


class ChecksOfFiles(Checks):
    """See `Checks`."""

    def uploads(self, world: World) -> None:
        """Each stands where the model says, and its object with it."""
        found = {
            row.object_id: (row.received, row.state, row.object)
            for row in self.rows(
                "SELECT u.*, o.state AS object"
                " FROM relay.uploads u JOIN relay.objects o ON o.id = u.object_id"
            )
        }
        assert found == {one.id: (one.received, one.state, _OBJECT_OF[one.state]) for one in world.uploads()}

    def every_upload_has_ended(self, world: World) -> None:
        """8. Nothing is on its way for ever, and of what was ended nothing is left in the store."""
        self.uploads(world)
        for upload in world.uploads():
            assert upload.state != "open", "an upload hangs"
            if upload.state == "ended":
                with pytest.raises(BlobMissing):
                    self.blobs.size(upload.id)
