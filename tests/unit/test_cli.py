"""The `relay` command: one module per subcommand, errors in one sentence."""

import argparse
import importlib
import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from relay.cli import COMMANDS, main
from relay.cli.common import told


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_arguments_and_something_to_run(name: str) -> None:
    module = importlib.import_module(COMMANDS[name][0])
    module.configure(argparse.ArgumentParser())
    assert callable(module.run)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_tells_what_it_takes(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([name, "--help"])
    assert ended.value.code == 0
    assert f"relay {name}" in capsys.readouterr().out


def test_without_a_command_the_list_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([])
    assert ended.value.code == 0
    shown = capsys.readouterr().out
    assert all(name in shown for name in COMMANDS)


def test_it_says_which_version_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert (ended.value.code, capsys.readouterr().out) == (0, f"relay {version('relay')}\n")


@pytest.mark.parametrize("name", ["up", "migrate"])
def test_only_a_command_that_makes_the_data_folder_says_so(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for command, makes in (("init", True), (name, False)):
        with pytest.raises(SystemExit):
            main([command, "--help"])
        assert ("made when it is not there" in " ".join(capsys.readouterr().out.split())) == makes


def test_a_tour_is_not_written_over_what_an_earlier_one_received(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "victim").mkdir()
    earlier = tmp_path / "victim" / "1-recording.m4a"
    earlier.touch()
    assert main(["tour", "--out", str(tmp_path)]) == 2
    assert f"{tmp_path} is not empty" in capsys.readouterr().err
    assert earlier.exists()


def test_an_unknown_command_is_refused_with_the_choice(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["upp"])
    assert ended.value.code == 2
    choice = capsys.readouterr().err.partition("choose from")[2]
    assert "up" in choice, "quoted by some versions of Python, not by others"


def test_an_error_of_ours_is_one_sentence_and_exit_code_2(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("RELAY_DESK_PORT", "many")
    assert main(["migrate"]) == 2
    shown = capsys.readouterr().err
    assert shown == (
        "RELAY_DESK_PORT: 'many' will not do. Write a port from 1 to 65535, or 0 for any free one.\n"
    )


def test_the_list_of_commands_needs_none_of_them() -> None:
    script = (
        "import sys, contextlib; from relay.cli import main\n"
        "with contextlib.suppress(SystemExit): main(['--help'])\n"
        "print(sorted(set(sys.modules) & {'psycopg', 'litestar', 'relay.cli.up'}))"
    )
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert result.stdout.endswith("[]\n")


@pytest.mark.parametrize(
    ("called", "as_what"),
    [
        (".venv/bin/relay", ".venv/bin/relay"),
        ("/a place/bin/relay", "'/a place/bin/relay'"),
        ("relay", "relay"),
        ("/usr/lib/python3/site-packages/relay/cli/__main__.py", f"{sys.executable} -m relay.cli"),
        ("/usr/bin/pytest", "relay"),
    ],
)
def test_a_command_is_printed_as_this_one_was_called(
    called: str, as_what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", os.defpath)
    monkeypatch.setattr(sys, "argv", [called, "init"])
    assert told("up", "--data", Path("/our data")) == f"{as_what} up --data '/our data'"


def test_what_the_path_finds_is_printed_by_its_name_alone(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "relay").touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(sys, "argv", [str(tmp_path / "relay"), "init"])
    assert told("up") == "relay up"
