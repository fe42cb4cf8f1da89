"""Become a child that dies with its parent, perhaps as another user, then become the command.

Run by path in a fresh isolated interpreter (`relay.process.child.launched` builds the argv), so it imports
nothing of ours and is safe whatever threads the parent has:

    python -I -S launch.py PARENT SIGNAL UID COMMAND [ARGUMENT ...]

PARENT is the parent's process id, SIGNAL what to be sent when it dies, UID the user to become (-1: stay).
Both the order and the repetition matter: changing the user clears the parent-death signal (prctl(2)), and a
parent that died before it was set would never send it.
"""

import ctypes
import os
import resource
import sys

PR_SET_PDEATHSIG = 1
PR_SET_NO_NEW_PRIVS = 38


def become(uid: int) -> None:
    """Give up root for good: no groups, no way back through a set-user-id program."""
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)


def die_with_parent(parent: int, signal: int) -> None:
    """Ask the kernel for `signal` when `parent` dies; leave now if it already has."""
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    if prctl(PR_SET_PDEATHSIG, signal, 0, 0, 0) != 0:
        sys.exit("the parent-death signal could not be set")
    if os.getppid() != parent:
        sys.exit("the parent is gone")


def main() -> None:
    """Read the argv described above and never return."""
    parent, signal, uid = (int(word) for word in sys.argv[1:4])
    command = sys.argv[4:]
    os.umask(0o077)
    # a process that dies while it holds keys or content leaves no image of its memory on a disk
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if uid >= 0:
        become(uid)
    if sys.platform == "linux":
        die_with_parent(parent, signal)
    os.execv(command[0], command)  # noqa: S606  (no shell is the point)


if __name__ == "__main__":
    main()
