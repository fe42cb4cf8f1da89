"""The filter is run here by an interpreter of its own: both architectures are tested on either."""

import errno
import struct
from pathlib import Path

import pytest

from workers.sandbox import landlock
from workers.sandbox.seccomp import build
from workers.sandbox.syscalls import AUDIT_AARCH64, AUDIT_X86_64, PLAIN, TABLES

ALLOW, KILL = 0x7FFF0000, 0x80000000
REFUSED, NOT_THERE = 0x00050000 | errno.EPERM, 0x00050000 | errno.ENOSYS
MACHINES = ["x86_64", "aarch64"]
PROCESS = 4711

BY_ARGUMENT = ("mmap", "mprotect", "clone", "tgkill", "prlimit64", "ioctl", "fcntl", "prctl")
DANGEROUS = {
    "x86_64": {
        "socket": 41, "connect": 42, "socketpair": 53, "fork": 57, "vfork": 58, "execve": 59,
        "kill": 62, "ptrace": 101, "mount": 165, "chroot": 161, "setuid": 105, "tkill": 200,
        "unshare": 272, "keyctl": 250, "perf_event_open": 298, "process_vm_readv": 310,
        "process_vm_writev": 311, "kcmp": 312, "setns": 308, "memfd_create": 319, "bpf": 321,
        "userfaultfd": 323, "pidfd_send_signal": 424, "io_uring_setup": 425, "pidfd_getfd": 438,
        "unlink": 87, "rename": 82, "mkdir": 83, "chmod": 90, "truncate": 76, "rt_sigqueueinfo": 129,
        "reboot": 169, "init_module": 175, "name_to_handle_at": 303, "shmget": 29, "seccomp": 317,
        "landlock_restrict_self": 446, "x32 read": 0x40000000,
    },
    "aarch64": {
        "socket": 198, "connect": 203, "socketpair": 199, "execve": 221, "kill": 129, "tkill": 130,
        "ptrace": 117, "mount": 40, "chroot": 51, "setuid": 146, "unshare": 97, "keyctl": 219,
        "perf_event_open": 241, "process_vm_readv": 270, "process_vm_writev": 271, "setns": 268,
        "memfd_create": 279, "bpf": 280, "userfaultfd": 282, "pidfd_send_signal": 424,
        "io_uring_setup": 425, "pidfd_getfd": 438, "unlinkat": 35, "renameat": 38, "mkdirat": 34,
        "fchmodat": 53, "truncate": 45, "rt_sigqueueinfo": 138, "reboot": 142, "name_to_handle_at": 264,
        "shmget": 194, "seccomp": 277,
    },
}  # fmt: skip


def decide(program: bytes, architecture: int, number: int, *arguments: int) -> int:
    """Run BPF on a `struct seccomp_data`."""
    data = struct.pack("<IIQ6Q", number, architecture, 0, *arguments, *(0,) * (6 - len(arguments)))
    place, accumulator = 0, 0
    while True:
        code, true, false, value = struct.unpack_from("<HBBI", program, place * 8)
        place += 1
        if code == 0x20:
            (accumulator,) = struct.unpack_from("<I", data, value)
        elif code == 0x15:
            place += true if accumulator == value else false
        elif code == 0x45:
            place += true if accumulator & value else false
        elif code == 0x06:
            return int(value)
        else:
            pytest.fail(f"an instruction that we do not write: {code:#x}")


@pytest.mark.parametrize("executes", [True, False])
@pytest.mark.parametrize("machine", MACHINES)
def test_everything_dangerous_is_refused(machine: str, executes: bool) -> None:  # noqa: FBT001
    program = build(machine, PROCESS, executes=executes, makes_code=True)
    architecture = TABLES[machine][0]
    answers = {name: decide(program, architecture, number) for name, number in DANGEROUS[machine].items()}
    assert answers == dict.fromkeys(answers, REFUSED)


@pytest.mark.parametrize("machine", MACHINES)
def test_a_call_for_another_architecture_ends_the_process(machine: str) -> None:
    program = build(machine, PROCESS, executes=True, makes_code=True)
    other = AUDIT_AARCH64 if machine == "x86_64" else AUDIT_X86_64
    for architecture in (other, 0x40000003, 0):
        assert decide(program, architecture, TABLES[machine][1]["read"]) == KILL


@pytest.mark.parametrize("machine", MACHINES)
def test_what_decoding_needs_is_allowed(machine: str) -> None:
    architecture, numbers = TABLES[machine]
    program = build(machine, PROCESS, executes=True, makes_code=True)
    for name in PLAIN:
        if name in numbers:
            assert decide(program, architecture, numbers[name]) == ALLOW, name


@pytest.mark.parametrize("machine", MACHINES)
def test_every_other_number_is_refused_whatever_its_arguments(machine: str) -> None:
    architecture, numbers = TABLES[machine]
    by_argument = {numbers[name] for name in BY_ARGUMENT}
    allowed = {numbers[name] for name in PLAIN if name in numbers} - by_argument
    for executes, all_of_them in ((False, allowed), (True, allowed | {numbers["execveat"]})):
        program = build(machine, PROCESS, executes=executes, makes_code=False)
        for each in (0, PROCESS, 2**32 - 1):
            found = {n for n in range(1024) if decide(program, architecture, n, *(each,) * 6) == ALLOW}
            assert found - by_argument == all_of_them


@pytest.mark.parametrize("machine", MACHINES)
def test_arguments_decide(machine: str) -> None:
    architecture, numbers = TABLES[machine]
    child = build(machine, PROCESS, executes=False, makes_code=False)
    program = build(machine, PROCESS, executes=True, makes_code=True)

    def answer(filter_: bytes, name: str, *arguments: int) -> int:
        return decide(filter_, architecture, numbers[name], *arguments)

    assert answer(child, "clone", 0x10000 | 0x100) == ALLOW, "a thread"
    assert answer(child, "clone", 17) == REFUSED, "a process"
    assert answer(child, "clone3") == NOT_THERE, "its flags cannot be seen"
    assert answer(child, "tgkill", PROCESS, 1, 6) == ALLOW
    assert answer(child, "tgkill", 1, 1, 6) == REFUSED
    assert answer(child, "prlimit64", 0) == ALLOW
    assert answer(child, "prlimit64", 1) == REFUSED
    assert answer(child, "ioctl", 3, 0x5401) == ALLOW
    assert answer(child, "ioctl", 0, 0x5412) == REFUSED, "typing into the terminal"
    assert answer(child, "fcntl", 3, 8) == REFUSED, "signals by file"
    assert answer(child, "prctl", 1) == REFUSED, "outliving the parent"
    assert answer(child, "mmap", 0, 4096, 7) == REFUSED, "code of its own"
    assert answer(child, "mprotect", 0, 4096, 5) == REFUSED
    assert answer(child, "mmap", 0, 4096, 3) == ALLOW
    assert answer(child, "execveat") == REFUSED
    model = build(machine, PROCESS, executes=False, makes_code=True)
    assert (answer(model, "mmap", 0, 4096, 5), answer(model, "execveat")) == (ALLOW, REFUSED)
    assert answer(program, "execveat") == ALLOW, "where Landlock says what"
    assert answer(program, "mmap", 0, 4096, 5) == ALLOW, "its libraries"


def test_a_machine_without_a_table_is_refused() -> None:
    with pytest.raises(OSError, match="no table") as refused:
        build("riscv64", PROCESS, executes=False, makes_code=False)
    assert refused.value.errno == errno.ENOSYS


@pytest.mark.parametrize(
    ("machine", "header"),
    [
        ("x86_64", "/usr/include/x86_64-linux-gnu/asm/unistd_64.h"),
        ("aarch64", "/usr/include/asm-generic/unistd.h"),
    ],
)
def test_numbers_are_those_of_linux(machine: str, header: str) -> None:
    if not Path(header).exists():
        pytest.skip("the headers of Linux are not installed")
    known: dict[str, str] = {}
    for line in Path(header).read_text().splitlines():
        words = line.split()
        numbered = len(words) == 3 and words[0] == "#define" and words[2].isdigit()
        if numbered and words[1].startswith(("__NR_", "__NR3264_")):
            known[words[1].removeprefix("__NR_").removeprefix("__NR3264_")] = words[2]
    known.setdefault("newfstatat", known.get("fstatat", ""))
    for name, number in TABLES[machine][1].items():
        assert known[name] == str(number), name
    if machine == "x86_64":
        assert known["landlock_create_ruleset"] == str(landlock.CREATE_RULESET)
