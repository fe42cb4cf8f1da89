"""Acts five and six: the offender answers with a recording and a film, by resumable uploads."""

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from relay.tour import refusals
from relay.tour.client import Unexpected
from relay.tour.people import Participant
from relay.tour.stage import OFFENDER, VICTIM, Stage, words
from relay.tour.tus import PORTION, TusUpload


def recording(stage: Stage) -> None:
    """A recording: first a file that is none, and a consent that lapses while it is being sent."""
    stage.journal.act("The recording, from offender to victim")
    offender, journal = stage.offender, stage.journal
    with journal.step(OFFENDER, "reads what a facilitator has to pass on, and says so"):
        offender.read_limits()
    with journal.step(OFFENDER, "starts a recording"):
        item_id = offender.start("audio")
    _not_a_recording(stage, item_id)
    _upload(stage, item_id, "audio", stage.material.audio)
    _lapsed_consent(stage, item_id)
    with journal.step(OFFENDER, "sends it to the facilitators; nothing had been lost"):
        offender.submit(item_id)
    _through(stage, item_id, "audio")


def _not_a_recording(stage: Stage, item_id: str) -> None:
    """A text that says it is a recording: refused with a reason, and the next file is taken."""
    offender = stage.offender
    with stage.journal.step(OFFENDER, "sends a text that is named like a recording"):
        disguised = stage.out / ".disguised.mp3"
        disguised.parent.mkdir(parents=True, exist_ok=True)
        disguised.write_text("#EXTM3U\nfile:///etc/passwd\n" * 40)
        offender.send_form(item_id, disguised)
        disguised.unlink()
        offender.submit(item_id)
    with stage.journal.step("worker", "refuses it, with a reason that the offender reads") as noted:
        item = offender.wait(item_id, stage.journal, "looking at the file")
        if item["state"] != "failed" or not item["failure"]:
            raise Unexpected(f"A text was taken for a recording: {item['state']}.")
        noted.answer = str(item["failure"])


def _upload(stage: Stage, item_id: str, kind: str, file: Path) -> None:
    with stage.journal.step(OFFENDER, f"uploads {words(kind)} by tus") as noted:
        upload = TusUpload(stage.offender.api, item_id, file)
        with stage.journal.bar("uploading", upload.size) as advance:
            upload.finish(advance)
        noted.size = upload.size


def _lapsed_consent(stage: Stage, item_id: str) -> None:
    facilitator, offender = stage.facilitator, stage.offender
    until = datetime.now(UTC) + timedelta(seconds=1.0)
    facilitator.consent(stage.case_id, offender, "audio", until=until)
    time.sleep(max(0.0, (until - datetime.now(UTC)).total_seconds()) + 0.05)
    stage.journal.refused(
        OFFENDER,
        "sends it after their own agreement has lapsed",
        lambda: offender.try_submit(item_id),
        409,
        "blocked",
    )
    with stage.journal.step(OFFENDER, "agrees to recordings again"):
        offender.api.post(f"/cases/{stage.case_id}/consents", {"medium": "audio", "given": True})


def film(stage: Stage) -> None:
    """A film, whose upload is cut at an odd byte and goes on from there."""
    stage.journal.act("The film, from offender to victim")
    with stage.journal.step(OFFENDER, "starts a film"):
        item_id = stage.offender.start("video")
    _cut_upload(stage, item_id)
    with stage.journal.step(OFFENDER, "sends it to the facilitators"):
        stage.offender.submit(item_id)
    _one_at_a_time(stage)
    _through(stage, item_id, "video")


def _cut_upload(stage: Stage, item_id: str) -> None:
    journal, offender = stage.journal, stage.offender
    upload = TusUpload(offender.api, item_id, stage.material.video)
    first = min(upload.size // 3, PORTION) | 1
    with journal.step(OFFENDER, f"uploads the first {first:,} bytes of the film by tus") as noted:
        if upload.append(0, first).status_code != 204:
            raise Unexpected("The first portion was not taken.")
        noted.size = first
    journal.refused(
        OFFENDER,
        "sends a portion whose checksum is wrong",
        lambda: upload.append(first, 10_000, wrong_checksum=True),
        460,
        "wrong-checksum",
    )
    journal.refused(
        OFFENDER,
        "goes on at a place where it does not stand",
        lambda: upload.append(first - 1, 1000),
        409,
        "conflict",
    )
    journal.refused(
        VICTIM,
        "asks after the other side's upload",
        lambda: stage.victim.api.call("DELETE", upload.path, headers={"tus-resumable": "1.0.0"}),
        404,
        "missing",
    )
    after = ((upload.size - first) // 2) | 1
    with journal.step(OFFENDER, f"loses the connection {after:,} bytes later") as noted:
        upload.cut(first, upload.size - first, after)
        stands = upload.where()
        if not first <= stands <= first + after:
            raise Unexpected(f"The upload stands at {stands}.")
        noted.answer = f"it stands at {stands:,} of {upload.size:,} bytes"
    with journal.step(OFFENDER, "resumes, and uploads the rest") as noted:
        with journal.bar("uploading", upload.size) as advance:
            upload.finish(advance)
        noted.size = upload.size


def _one_at_a_time(stage: Stage) -> None:
    """Neither side can be flooded: one item in review, the next waits as a draft."""
    offender = stage.offender
    second = offender.start("letter")
    offender.write(second, "And one more thing, while I think of it.")
    stage.journal.refused(
        OFFENDER,
        "sends a second item while the first is being looked at",
        lambda: offender.try_submit(second),
        409,
        "conflict",
    )
    with stage.journal.step(OFFENDER, "takes the second one back"):
        offender.api.post(f"/items/{second}/withdraw")


def _through(stage: Stage, item_id: str, kind: str) -> None:
    """Review, release, opening: the way of every recording."""
    stage.made_safe(stage.offender, item_id, kind)
    refusals.in_review(stage, stage.offender, item_id, kind)
    stage.approved(item_id, kind)
    refusals.approved(stage, stage.offender, item_id, kind)
    delivery_id = stage.released(item_id, kind)
    _only_the_recipient(stage, stage.offender, delivery_id, kind)
    stage.opened(stage.victim, item_id, delivery_id, kind)


def _only_the_recipient(stage: Stage, author: Participant, delivery_id: str, kind: str) -> None:
    stage.journal.refused(
        author.role,
        f"asks what became of {words(kind)}",
        lambda: author.api.call("GET", f"/deliveries/{delivery_id}"),
        404,
        "missing",
    )
