"""Numbers of the system calls that a child may make, for the two architectures.

Sources: arch/x86/entry/syscalls/syscall_64.tbl and include/uapi/asm-generic/unistd.h of Linux.
A name that an architecture lacks is one that its C library does not use either.
"""

AUDIT_X86_64 = 0xC000003E
AUDIT_AARCH64 = 0xC00000B7

MEMORY = ("mmap", "munmap", "mprotect", "mremap", "madvise", "brk", "mincore", "membarrier")
INPUT_OUTPUT = (
    *("read", "write", "readv", "writev", "pread64", "pwrite64", "preadv", "pwritev", "lseek", "close"),
    *("fstat", "ftruncate", "fsync", "dup", "dup3", "dup2", "close_range"),
    *("poll", "ppoll", "select", "pselect6"),
)
NAMES = ("open", "openat", "newfstatat")
"""Opening stays possible as a call; Landlock decides about what."""
THREADS = (
    *("futex", "set_robust_list", "get_robust_list", "rseq", "set_tid_address", "arch_prctl"),
    *("sched_yield", "sched_getaffinity", "sched_getparam", "sched_getscheduler", "getcpu"),
    *("exit", "exit_group", "restart_syscall"),
)
SIGNALS = ("rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "sigaltstack", "rt_sigpending")
TIME = ("clock_gettime", "clock_getres", "clock_nanosleep", "nanosleep", "gettimeofday", "time", "times")
SELF = (
    *("getpid", "gettid", "getuid", "geteuid", "getgid", "getegid", "getrlimit", "getrusage"),
    *("uname", "sysinfo", "getrandom"),
)
READS = ("read", "pread64", "readv", "preadv")
PLAIN = (*MEMORY, *INPUT_OUTPUT, *NAMES, *THREADS, *SIGNALS, *TIME, *SELF)
"""Allowed whatever their arguments are."""

X86_64 = {
    "read": 0, "write": 1, "open": 2, "close": 3, "fstat": 5, "poll": 7, "lseek": 8, "mmap": 9,
    "mprotect": 10, "munmap": 11, "brk": 12, "rt_sigaction": 13, "rt_sigprocmask": 14, "rt_sigreturn": 15,
    "ioctl": 16, "pread64": 17, "pwrite64": 18, "readv": 19, "writev": 20, "select": 23, "sched_yield": 24,
    "mremap": 25, "mincore": 27, "madvise": 28, "dup": 32, "dup2": 33, "nanosleep": 35, "getpid": 39,
    "clone": 56, "exit": 60, "uname": 63, "fcntl": 72, "fsync": 74, "ftruncate": 77, "gettimeofday": 96,
    "getrlimit": 97, "getrusage": 98, "sysinfo": 99, "times": 100, "getuid": 102, "getgid": 104,
    "geteuid": 107, "getegid": 108, "rt_sigpending": 127, "sigaltstack": 131, "sched_getparam": 143,
    "sched_getscheduler": 145, "prctl": 157, "arch_prctl": 158, "gettid": 186, "time": 201, "futex": 202,
    "sched_getaffinity": 204, "set_tid_address": 218, "restart_syscall": 219, "clock_gettime": 228,
    "clock_getres": 229, "clock_nanosleep": 230, "exit_group": 231, "tgkill": 234, "openat": 257,
    "newfstatat": 262, "pselect6": 270, "ppoll": 271, "set_robust_list": 273, "get_robust_list": 274,
    "dup3": 292, "preadv": 295, "pwritev": 296, "prlimit64": 302, "getcpu": 309, "seccomp": 317,
    "getrandom": 318, "execveat": 322, "membarrier": 324, "rseq": 334, "clone3": 435, "close_range": 436,
}  # fmt: skip

AARCH64 = {
    "dup": 23, "dup3": 24, "fcntl": 25, "ioctl": 29, "ftruncate": 46, "openat": 56, "close": 57, "lseek": 62,
    "read": 63, "write": 64, "readv": 65, "writev": 66, "pread64": 67, "pwrite64": 68, "preadv": 69,
    "pwritev": 70, "pselect6": 72, "ppoll": 73, "newfstatat": 79, "fstat": 80, "fsync": 82, "exit": 93,
    "exit_group": 94, "set_tid_address": 96, "futex": 98, "set_robust_list": 99, "get_robust_list": 100,
    "nanosleep": 101, "clock_gettime": 113, "clock_getres": 114, "clock_nanosleep": 115,
    "sched_getscheduler": 120, "sched_getparam": 121, "sched_getaffinity": 123, "sched_yield": 124,
    "restart_syscall": 128, "tgkill": 131, "sigaltstack": 132, "rt_sigaction": 134, "rt_sigprocmask": 135,
    "rt_sigpending": 136, "rt_sigreturn": 139, "times": 153, "uname": 160, "getrlimit": 163,
    "getrusage": 165, "prctl": 167, "getcpu": 168, "gettimeofday": 169, "getpid": 172, "getuid": 174,
    "geteuid": 175, "getgid": 176, "getegid": 177, "gettid": 178, "sysinfo": 179, "brk": 214, "munmap": 215,
    "mremap": 216, "clone": 220, "mmap": 222, "mprotect": 226, "mincore": 232, "madvise": 233,
    "prlimit64": 261, "seccomp": 277, "getrandom": 278, "execveat": 281, "membarrier": 283, "rseq": 293,
    "clone3": 435, "close_range": 436,
}  # fmt: skip

TABLES = {"x86_64": (AUDIT_X86_64, X86_64), "aarch64": (AUDIT_AARCH64, AARCH64)}
