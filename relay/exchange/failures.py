"""Why a file could not be made safe, in words for its author.

The workers answer one of these codes and nothing else (`workers.media.model.Reason`; a test holds the two
against each other). The words are here and nowhere else: `relay` imports nothing of the workers.
"""

from typing import Final

LONGEST: Final = {"audio": 60 * 60, "video": 30 * 60}
"""Seconds that sound and film may last; what is longer is refused as "too-long"."""

_SENTENCES: Final = {
    "empty": "This file is empty. Please choose it again, or record it again.",
    "too-large": "This file is too large. Please send a shorter recording, or fewer pages.",
    "too-long": "This recording is too long. Please send it in parts, or record a shorter one.",
    "too-short": "This recording is too short to hold anything. Please record it again.",
    "wrong-kind": "This is another kind of file than you chose."
    " Please start again with the kind that fits, or choose another file.",
    "unsupported": "We cannot open this kind of file."
    " Please send sound as MP3, M4A or WAV, film as MP4, and pages as PDF or JPEG.",
    "office": "This comes from a word processor or an office program."
    " Please save it as PDF there and send that, or write the letter here.",
    "damaged": "This file is damaged or not complete. Please send it again from where it was made."
    " If it does not play there either, please record or scan it again.",
    "no-sound": "There is no sound in this file. Please choose the recording again, or record it again.",
    "silent": "We cannot hear anything in this recording."
    " Please check that the microphone is on, and record it again.",
    "no-picture": "There is no moving picture in this file."
    " If it is a recording of sound, please send it as sound.",
    "too-many-pixels": "The picture is larger than we can open. Please send it in a smaller size.",
    "too-many-streams": "This file holds too many tracks. Please send one with a single picture and sound.",
    "too-many-pages": "This document has too many pages. Please send it in parts.",
    "no-pages": "There are no pages in this document. Please choose it again, or scan it again.",
    "password": "This document is locked with a password."
    " Please save a copy without a password and send that.",
    "out-of-time": "This file needs more time or memory than we can give it, so we stopped."
    " Please send it in another format, or in parts.",
    "result-too-large": "This becomes larger than we can keep. Please send it in parts.",
    "not-verified": "We could not make sure that a safe copy of this file is complete,"
    " so it was not taken. Please send it in another format.",
    "nothing-left": "What was to be hidden leaves nothing of this."
    " Please hide less, or do not pass it on at all.",
    "beyond-the-end": "A place to be hidden lies after the end of this recording. Please check the times.",
    "no-such-page": "A place to be hidden is on a page that this document does not have."
    " Please check the numbers of the pages.",
    "no-faces": "No face was found in this film, so none was covered. That does not mean that there is none."
    " Please choose to cover the whole picture, or no picture, or leave it as it is.",
    "faces-not-here": "Faces cannot be looked for here."
    " Please choose to cover the whole picture, or no picture.",
}
CODES: Final = frozenset(_SENTENCES)
_AGAIN: Final = "Then upload all pages once more."
_OF_A_PAGE: Final = {
    "damaged": "Page {page} is damaged or not complete. Please photograph or scan that page again. " + _AGAIN,
    "unsupported": "Page {page} is a kind of file that we cannot open."
    " Please photograph that page again, or save it as JPEG or PDF. " + _AGAIN,
    "too-many-pixels": "The picture of page {page} is larger than we can open."
    " Please send that page in a smaller size. " + _AGAIN,
    "password": "Page {page} is locked with a password."
    " Please save a copy of it without a password. " + _AGAIN,
    "no-pages": "There is nothing in the file of page {page}."
    " Please choose it again, or photograph that page again. " + _AGAIN,
}
"""Where it is because of one page, that page: in the order in which its author sent them."""


def sentence(code: str | None, page: int | None = None) -> str:
    """Return what happened and what to do; empty for no failure. `page`: the one it is because of."""
    if code is None:
        return ""
    if page is not None and code in _OF_A_PAGE:
        return _OF_A_PAGE[code].format(page=page)
    return _SENTENCES.get(code, "This file could not be made safe. Please send it in another format.")
