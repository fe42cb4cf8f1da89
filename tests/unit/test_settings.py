"""Settings: from the environment and one file, and every wrong one named with what to write instead."""

from pathlib import Path

import pytest

from relay.errors import SettingsRefused
from relay.settings import GIB, MIB, Settings, as_environ, load
from relay.settings.contradictions import uncounted


def refusals(environ: dict[str, str], file: Path | None = None) -> list[str]:
    with pytest.raises(SettingsRefused) as caught:
        load(environ, file)
    return caught.value.public.splitlines()


def test_nothing_set_gives_a_stack_on_loopback_in_one_folder(tmp_path: Path) -> None:
    settings = load({"RELAY_DATA": str(tmp_path)})
    assert settings.participants_origin == "http://127.0.0.1:8081"
    assert settings.desk_origin == "http://127.0.0.1:8082"
    assert settings.environment == "production"
    assert settings.other_person == "the other person"
    folders = (settings.blobs, settings.keyring, settings.worker_secrets, settings.checkpoints)
    assert all(folder.parent == tmp_path for folder in folders)
    assert len(set(folders)) == 4


def test_the_file_in_the_data_folder_is_read(tmp_path: Path) -> None:
    (tmp_path / "relay.toml").write_text('desk_port = 9000\nother_person = "den andre"\n')
    settings = load({"RELAY_DATA": str(tmp_path)})
    assert (settings.desk_port, settings.other_person) == (9000, "den andre")


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    file = tmp_path / "other.toml"
    file.write_text("desk_port = 9000\nparticipants_port = 9001\n")
    settings = load({"RELAY_DESK_PORT": "9002", "RELAY_CONFIG": str(file)})
    assert (settings.desk_port, settings.participants_port) == (9002, 9001)


def test_every_wrong_setting_is_named_at_once_with_what_to_write() -> None:
    lines = refusals({"RELAY_DESK_PORT": "http", "RELAY_CASE_QUOTA": "5 GB", "RELAY_ENVIRONMENT": "test"})
    assert len(lines) == 3
    assert (
        lines[0]
        == "RELAY_DESK_PORT: 'http' will not do. Write a port from 1 to 65535, or 0 for any free one."
    )
    assert "Write a number of bytes, or a number and KiB" in lines[1]
    assert "Write production or development." in lines[2]


def test_how_people_are_reached_is_a_few_lines_of_plain_text(tmp_path: Path) -> None:
    lines = "Telephone 01632 960123\nMonday to Friday, 9 to 5"
    (tmp_path / "relay.toml").write_text(f'contact = """\n{lines}"""\n')
    settings = load({"RELAY_DATA": str(tmp_path)})
    assert settings.contact == lines
    assert load(as_environ(settings)).contact == lines  # as a child process is given it
    assert load({"RELAY_CONTACT": "x" * 300}).contact == "x" * 300
    assert load({}).contact == ""
    for wrong in ("x" * 301, "a\x1b[2J", "a\x00"):
        [line] = refusals({"RELAY_CONTACT": wrong})
        assert line.endswith("Write up to 300 characters of plain text, on one line or several.")


def test_a_misspelt_setting_is_not_passed_over_in_silence(tmp_path: Path) -> None:
    assert "Did you mean RELAY_DESK_PORT?" in refusals({"RELAY_DESKPORT": "1"})[0]
    file = tmp_path / "relay.toml"
    file.write_text("session_idle_minuts = 5\n")
    assert "Did you mean session_idle_minutes?" in refusals({}, file)[0]


@pytest.mark.parametrize("name", ["FOO", "BLOB_STORE", "PORTS", "WAIT"])
def test_a_name_that_is_near_none_is_no_slip_of_the_pen(name: str) -> None:
    assert refusals({f"RELAY_{name}": "1"}) == [f"RELAY_{name} is not a setting. Take it out."]


def test_how_long_the_demo_stays_is_no_setting_and_stops_no_other_command() -> None:
    assert load({"RELAY_DEMO_WAIT": "5"}) == load({})


def test_other_programs_variables_are_none_of_our_business() -> None:
    assert isinstance(load({"PATH": "/bin", "RELAYED_TO": "x"}), Settings)


def test_an_empty_variable_is_one_that_is_not_set() -> None:
    assert load({"RELAY_DESK_PORT": "", "RELAY_KEYRING": ""}).desk_port == 8082


@pytest.mark.parametrize(
    ("written", "meant"), [("1024", 1024), ("512 MiB", 512 * MIB), ("2GiB", 2 * GIB), ("0", 0)]
)
def test_sizes_are_written_as_people_write_them(written: str, meant: int) -> None:
    limits = {"RELAY_AUDIO_BYTES": written}
    assert load(limits).audio_bytes == meant


@pytest.mark.parametrize("name", ["KEYRING", "WORKER_SECRETS", "CHECKPOINTS"])
@pytest.mark.parametrize("inside", ["postgres", "postgres/deep/er", "x/../postgres/k", "blobs/k"])
def test_keys_may_not_lie_with_what_they_open(tmp_path: Path, name: str, inside: str) -> None:
    environ = {"RELAY_DATA": str(tmp_path), f"RELAY_{name}": str(tmp_path / inside)}
    assert "Write a folder outside of it." in refusals(environ)[0]


def test_a_link_into_the_database_folder_is_seen_through(tmp_path: Path) -> None:
    (tmp_path / "postgres").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "postgres")
    environ = {"RELAY_DATA": str(tmp_path), "RELAY_KEYRING": str(tmp_path / "link" / "keys")}
    assert "outside" in refusals(environ)[0]


def test_production_beyond_this_machine_needs_https() -> None:
    assert "https://" in refusals({"RELAY_DESK_ORIGIN": "http://desk.example.org"})[0]
    assert load({"RELAY_DESK_ORIGIN": "https://desk.example.org"}).desk_origin == "https://desk.example.org"
    development = {"RELAY_DESK_ORIGIN": "http://desk.example.org", "RELAY_ENVIRONMENT": "development"}
    assert load(development).desk_origin == "http://desk.example.org"


def test_the_two_apps_never_share_an_address() -> None:
    assert "never share" in refusals({"RELAY_DESK_PORT": "8081"})[0]
    both = {"RELAY_DESK_ORIGIN": "https://a.example", "RELAY_PARTICIPANTS_ORIGIN": "https://a.example"}
    assert "cookies must not be shared" in refusals(both)[0]


def test_an_origin_that_nobody_can_type_has_to_be_written() -> None:
    assert "participants_origin is empty" in refusals({"RELAY_PARTICIPANTS_HOST": "0.0.0.0"})[0]


def test_any_free_port_leaves_the_origin_open_until_it_is_known() -> None:
    settings = load({"RELAY_DESK_PORT": "0", "RELAY_PARTICIPANTS_PORT": "0"})
    assert (settings.desk_origin, settings.participants_origin) == ("", "")


def test_limits_that_contradict_each_other_are_refused() -> None:
    assert "session_idle_minutes (600)" in refusals({"RELAY_SESSION_IDLE_MINUTES": "600"})[0]


@pytest.mark.parametrize("text", ["desk_port = ", "\x00", "desk_port = [1]"])
def test_a_damaged_file_is_named(tmp_path: Path, text: str) -> None:
    file = tmp_path / "relay.toml"
    file.write_text(text)
    assert str(file) in refusals({}, file)[0]


def test_a_file_that_was_asked_for_must_be_there(tmp_path: Path) -> None:
    assert "is not there" in refusals({"RELAY_CONFIG": str(tmp_path / "none.toml")})[0]


def test_the_participants_app_has_a_process_for_each_core_up_to_four(monkeypatch: pytest.MonkeyPatch) -> None:
    for cores, processes in ((1, 1), (2, 2), (4, 4), (64, 4)):
        with monkeypatch.context() as machine:
            machine.setattr("os.sched_getaffinity", lambda _, cores=cores: set(range(cores)))
            assert load({}).participants_processes == processes
    assert load({"RELAY_PARTICIPANTS_PROCESSES": "16"}).participants_processes == 16


@pytest.mark.parametrize("wrong", ["0", "-1", "65", "all", "1.5"])
def test_a_wrong_number_of_processes_is_named(wrong: str) -> None:
    [line] = refusals({"RELAY_PARTICIPANTS_PROCESSES": wrong})
    assert line == f"RELAY_PARTICIPANTS_PROCESSES: '{wrong}' will not do. Write a number from 1 to 64."


def test_the_connections_of_all_processes_are_counted() -> None:
    settings = load({"RELAY_PARTICIPANTS_PROCESSES": "16", "RELAY_DATABASE_CONNECTIONS": "5"})
    assert settings.connections == (16 + 2) * 5 + 20


def test_an_ffmpeg_that_is_no_program_is_refused(tmp_path: Path) -> None:
    assert "no program" in refusals({"RELAY_FFMPEG": str(tmp_path)})[0]


def test_passwords_are_in_no_repr_and_no_refusal() -> None:
    address = "postgresql://relay:hunter2@db/relay"
    settings = load({"RELAY_DATABASE": address, "RELAY_POSTGRES": address})
    assert "hunter2" not in repr(settings)
    assert settings.database == address


def test_a_child_is_given_the_same_settings_and_no_login_but_its_own(tmp_path: Path) -> None:
    settings = load(
        {
            "RELAY_DATA": str(tmp_path),
            "RELAY_DESK_PORT": "9000",
            "RELAY_POSTGRES": "postgresql://admin:x@db/postgres",
        }
    )
    environ = as_environ(settings, database="postgresql://desk:own@db/relay")
    assert "RELAY_POSTGRES" not in environ
    child = load(environ)
    assert child.database == "postgresql://desk:own@db/relay"
    assert (child.desk_port, child.blobs) == (settings.desk_port, settings.blobs)


def test_a_network_for_faces_that_is_not_there_is_named_with_what_to_write(tmp_path: Path) -> None:
    (line,) = refusals({"RELAY_DATA": str(tmp_path), "RELAY_FACES_MODEL": str(tmp_path / "none.onnx")})
    assert "Write where centerface.onnx is, or take it out." in line


@pytest.mark.parametrize(
    ("written", "hint"),
    [
        ("Berlin", "Europe/Berlin"),
        ("europe/london", "Europe/London"),
        ("new york", "America/New_York"),
        ("Europe", "Europe/London"),
        ("../etc/passwd", "Europe/London"),
        ("BST+1", "Europe/London"),
    ],
)
def test_a_time_zone_that_there_is_not_is_named_with_what_to_write(written: str, hint: str) -> None:
    [line] = refusals({"RELAY_TIME_ZONE": written})
    assert line == (
        f"time_zone is {written!r}, which is no time zone. Write its IANA name, such as {hint} or UTC."
    )


@pytest.mark.parametrize("name", ["UTC", "Europe/London", "America/Argentina/Buenos_Aires"])
def test_a_time_zone_is_taken_by_its_name(name: str) -> None:
    assert load({"RELAY_TIME_ZONE": name}).zone.key == name
    assert as_environ(load({"RELAY_TIME_ZONE": name}))["RELAY_TIME_ZONE"] == name


def test_proxies_are_addresses_or_networks() -> None:
    assert load({"RELAY_PROXIES": "127.0.0.1, 10.0.0.0/24,::1"}).proxies == "127.0.0.1, 10.0.0.0/24,::1"
    for wrong in ("10.0.0.1/24", "300.1.1.1", "127.0.0.1,", "fe80", "127.0.0.1 ::1"):
        assert "Write such as 127.0.0.1 or 10.0.0.0/24" in refusals({"RELAY_PROXIES": wrong})[0]
    assert "with commas between" in refusals({"RELAY_PROXIES": "proxy.example.org"})[0]


def test_who_is_behind_a_proxy_that_is_not_named_is_told() -> None:
    public = {"RELAY_PARTICIPANTS_ORIGIN": "https://relay.example.org"}
    assert 'proxies = "127.0.0.1"' in uncounted(load(public))
    assert uncounted(load(public | {"RELAY_PROXIES": "127.0.0.1"})) == ""
    assert uncounted(load({})) == ""
