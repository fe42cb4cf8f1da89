"""`relay up`: start everything in one data folder, keep it running, stop all of it on Ctrl-C."""

import argparse
import contextlib
import signal
import threading
from types import FrameType

from relay.cli.common import add_data, settings_for
from relay.cli.stack import Stack, local_address
from relay.process import swap
from relay.settings.contradictions import uncounted


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    add_data(parser)


def run(arguments: argparse.Namespace) -> int:
    """Start, say where to go, watch until told to stop."""
    settings = settings_for(arguments)
    interrupt_once()
    with contextlib.suppress(KeyboardInterrupt), Stack(settings, say) as stack:
        try:
            announce(stack)
            stack.watch(threading.Event())
        except KeyboardInterrupt:
            say("Stopping.")
            raise
    say("Stopped. Everything is kept; the same command goes on from here.")
    return 0


def interrupt_once() -> None:
    """Make Ctrl-C, SIGTERM and a closed terminal one KeyboardInterrupt; more of them are ignored."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        for number in numbers:
            signal.signal(number, signal.SIG_IGN)
        raise KeyboardInterrupt

    for number in numbers:
        signal.signal(number, on_signal)


def announce(stack: Stack) -> None:
    """Say where the two apps are."""
    say(f"Participants:  {_where(stack, 'participants')}")
    say(f"Staff desk:    {_where(stack, 'desk')}")
    for warning in (swap.warning(swap.in_the_open()), uncounted(stack.settings)):
        if warning:
            say(f"Warning:       {warning}")
    say(f"Data folder:   {stack.settings.data}   (Ctrl-C stops everything)")


def _where(stack: Stack, name: str) -> str:
    """What people type, and what a proxy in front of it is to pass on to."""
    public, here = str(getattr(stack.settings, f"{name}_origin")), local_address(stack.settings, name)
    return public if public == here else f"{public}   (on this machine: {here})"


def say(sentence: str) -> None:
    """Tell the operator, at once even into a pipe."""
    print(sentence, flush=True)
