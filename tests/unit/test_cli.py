"""The `relay` command: one module per subcommand, errors in one sentence."""

import argparse
import importlib
import subprocess
import sys

import pytest

from relay.cli import COMMANDS, main


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
