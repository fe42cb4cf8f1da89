"""A cast and material in which everything that matters is a canary, and the keys that came to be."""

import base64
import secrets
from pathlib import Path

import psycopg
from PIL import Image

from relay.identity.stretching import open_bundle
from relay.tour.material import Material
from relay.tour.people import Cast
from relay.tour.stage import Stage
from relay.vault.grants import Holder, open_case_key, open_grant
from relay.vault.keyring import FileKeyring
from relay.vault.suite import KeyPair, PublicKey
from tests.support import media
from tests.support.canaries import Secret

_SLICE = 48


class Planted:
    """Makes canaries: each is a text that exists nowhere else, remembered by what it stands for."""

    def __init__(self) -> None:
        self.secrets: list[Secret] = []

    def text(self, name: str, before: str = "") -> str:
        """Return a new canary, with words before it."""
        value = f"{before}{secrets.token_hex(6)}"
        self.secrets.append(Secret(name, value.encode()))
        return value

    def known(self, name: str, value: str | bytes) -> None:
        """Remember something that came to be on its own."""
        self.secrets.append(Secret(name, value.encode() if isinstance(value, str) else value))

    # -- what people are called, and what they write

    def cast(self) -> Cast:
        """Names and notes."""
        return Cast(
            facilitator=self.text("facilitator's name", "Fatima Ñ "),
            colleague=self.text("colleague's name", "Colin "),
            administrator=self.text("administrator's name", "Ada "),
            victim=self.text("victim's name", "Wiktoria Łąka "),
            offender=self.text("offender's name", "Oskar "),
            victim_label=self.text("label of the victim", "The woman "),
            offender_label=self.text("label of the offender", "The man "),
            reference=self.text("reference of the case", "2026/0417 "),
            telephone=self.text("telephone number in the first draft", "+44 20 7946 "),
            guidance=self.text("guidance to the author", "Please leave out the number. "),
            sister=self.text("words that are hidden", "My sister "),
            hidden_note=self.text("what the author is told about them", "A name is hidden. "),
            reasoning=self.text("reasoning on responsibility", "He says what he did. "),
            assessment=self.text("safety assessment", "Her sister stays with her. "),
            note=self.text("note to the recipient", "It touches that night. "),
        )

    def material(self, folder: Path) -> Material:
        """Files whose names, tags and texts are canaries."""
        folder.mkdir()
        return Material(
            letter=self._letter(folder),
            audio=self._audio(folder),
            video=self._video(folder),
            document=self._document(folder),
        )

    def _name(self, folder: Path, kind: str, ending: str) -> Path:
        return folder / f"{self.text(f'file name of the {kind}', f'{kind} ')}{ending}"

    def _letter(self, folder: Path) -> Path:
        path = self._name(folder, "letter", ".txt")
        lines = [
            self.text("letter, Polish", "Tamtej nocy zażółciło się niebo "),
            self.text("letter, Urdu", "یہ میرا خط ہے "),
            self.text("letter, English", "I want you to know "),
            self.text("letter, last line", "Yours, W. "),
        ]
        path.write_text("\n\n".join(lines) + "\n", encoding="utf-8", newline="\n")
        return path

    def _tags(self, of: str, *names: str) -> list[str]:
        return [
            word
            for name in names
            for word in ("-metadata", f"{name}={self.text(f'{of} tag {name}', f'{name} ')}")
        ]

    def _audio(self, folder: Path) -> Path:
        path = self._name(folder, "audio", ".mp3")
        tags = self._tags("ID3", "title", "artist", "album", "comment", "lyrics", "TSSE")
        media.ffmpeg(*media.voice(3), *tags, "-codec:a", "libmp3lame", path)
        self._slices("recording as sent", path)
        return path

    def _video(self, folder: Path) -> Path:
        path = self._name(folder, "video", ".mp4")
        subtitles, chapters = folder / "subtitles.srt", folder / "chapters.txt"
        subtitles.write_text(f"1\n00:00:00,000 --> 00:00:02,000\n{self.text('subtitle', 'She says ')}\n\n")
        chapters.write_text(
            ";FFMETADATA1\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=2000\n"
            f"title={self.text('chapter', 'Garden ')}\n"
        )
        inputs: list[str | Path] = [
            *media.picture(3, "640x360"),
            *media.voice(3),
            "-i",
            subtitles,
            "-i",
            chapters,
        ]
        maps = ["-map", "0", "-map", "1", "-map", "2", "-map_chapters", "3", "-codec:s", "mov_text"]
        coded = ["-codec:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-codec:a", "aac"]
        tags = self._tags("MP4", "title", "comment", "artist", "make", "location", "description")
        kept = ["-movflags", "use_metadata_tags", "-t", "3"]
        media.ffmpeg(*inputs, *maps, *coded, *tags, *kept, path)
        self._slices("film as sent", path)
        return path

    def _document(self, folder: Path) -> Path:
        path = self._name(folder, "document", ".jpg")
        exif = Image.Exif()
        for tag, name in (
            (0x010E, "description"),
            (0x010F, "make"),
            (0x013B, "artist"),
            (0x8298, "copyright"),
        ):
            exif[tag] = self.text(f"EXIF {name}", f"{name} ")
        comment = self.text("JPEG comment", "comment ").encode()
        media.written_page().save(path, exif=exif, comment=comment)
        self._slices("page as sent", path)
        return path

    def _slices(self, name: str, path: Path) -> None:
        """Pieces of a file's own bytes: plain content of whatever kind."""
        content = path.read_bytes()
        for share in (3, 5, 8):
            start = len(content) * share // 10
            self.known(f"{name}, {share}/10", content[start : start + _SLICE])

    # -- what came to be on the way

    def collect(self, stage: Stage, keys: Path) -> None:
        """Remember passphrases, invitations, cookies, tokens, received bytes and every private key."""
        for person in stage.people:
            self.known(f"sign-in name of the {person.role}", person.sign_in_name)
            self.known(f"passphrase of the {person.role}", person.passphrase)
            if person.invited is not None:
                self.known(f"invitation's letters of the {person.role}", person.invited.secret)
                self.known(
                    f"invitation's letters, joined, of the {person.role}",
                    person.invited.secret.replace("-", ""),
                )
                self.known(f"spoken code of the {person.role}", person.invited.code)
            for number, secret in enumerate(sorted(person.api.secrets)):
                self.known(f"cookie or token {number} of the {person.role}", secret)
                for place, part in enumerate(secret.split(".")):
                    # 16 bytes name the session, the rest is the browser's half of its key
                    half = base64.urlsafe_b64decode(part + "==")[16:]
                    self.known(f"half {number}.{place} of the {person.role}", half)
        for one in stage.received:
            self._slices(f"{one.file} as received", stage.out / one.file)
        for file in ("relay-root.key", "relay-recovery.key"):
            self.known(f"offline key {file}", bytes.fromhex((keys / file).read_text().split("\n")[2]))
        self._keys(stage)

    def _keys(self, stage: Stage) -> None:
        service = stage.operator.pins.service_id
        keyring = FileKeyring.open(stage.settings.keyring / "keyring")
        with psycopg.connect(stage.operator.database_administrator().url) as database:
            for person in stage.people:
                account, version, sealed = database.execute(
                    "SELECT account_id, version, sealed_private FROM relay.account_keys"
                    " WHERE account_id = %s",
                    [person.account_id],
                ).fetchall()[0]
                bundle = open_bundle(keyring, sealed, person.passphrase, service, account, version)
                self.known(f"private keys of the {person.role}", bundle.key_seeds)
                self.known(f"signing key of the {person.role}", bundle.signing_seed)
                holder = Holder(kind="account", id=account, key_version=version)
                pair = KeyPair.from_seeds(bundle.key_seeds)
                for case, object_id, grant in database.execute(
                    "SELECT case_id, object_id, sealed FROM relay.grants"
                    " WHERE holder_kind = 'account' AND holder_id = %s",
                    [account],
                ).fetchall():
                    key = open_grant(
                        pair, grant, service=service, case=case, object_id=object_id, holder=holder
                    )
                    self.known(f"data key of object {object_id}", key.value)
                self._case_keys(database, service, holder, pair)

    def _case_keys(
        self, database: psycopg.Connection, service: object, holder: Holder, pair: KeyPair
    ) -> None:
        for case, version, sealed, public in database.execute(
            "SELECT g.case_id, g.version, g.sealed, k.public FROM relay.case_key_grants g"
            " JOIN relay.case_keys k USING (case_id, version) WHERE holder_id = %s",
            [holder.id],
        ).fetchall():
            opened = open_case_key(
                pair,
                sealed,
                service=service,  # type: ignore[arg-type]
                case=case,
                case_key_version=version,
                holder=holder,
                fingerprint=PublicKey(public).fingerprint,
            )
            self.known(f"private key {version} of a case", opened.seeds)
