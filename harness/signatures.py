"""Every call, fact and constant that a program may write: data, in this one place.

``language`` reads it to know what an argument can look like, ``layout`` to
resolve it, docs/programs.md describes it (a test compares the two). A new call
is a line here, a method of ``layout`` and a row of docs/programs.md.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass

from . import abi
from .program import VDSO, VSYSCALL, VVAR


class Kind(enum.Enum):
    """What an argument looks like; the value is how an error message calls it."""

    NUMBER = "a number"
    DATA = 'a string such as "hello"'
    SYMBOLS = "flags"
    PLACE = "a place such as m[0]+100 (an absolute address only where docs/programs.md says so)"
    ADDRESS = "a place such as m[0]+100, or an absolute address"
    MAPPING = "a mapping's name"
    FILE = "a file's name"
    HELD = "held pages such as h or h[0]"
    PROCESS = "a process's name"
    BEGUN = "the name of a call that was begun"
    HELD_PLACE = "a place in a held page such as h[0]+100"
    FRAME = "a held page such as h[0], one of the device memory such as BAR[0], or a number"

    # Each is there once; the enum's own hash is a call of Python, and tables are by these.
    __hash__ = object.__hash__


class Result(enum.Enum):
    """What a call's result name stands for; the value is how a message calls it."""

    NOTHING = "nothing"
    VALUE = "a value"
    DATA = "data"
    MAPPING = "a mapping"
    PROCESS = "a process"
    FILE = "a file"
    HELD = "a held set"
    BEGUN = "a begun call"

    __hash__ = object.__hash__  # as of Kind


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a call.

    Attributes:
        required: it has to be given.
        symbols: for Kind.SYMBOLS, the names and what each stands for.
        joined: several symbols may be joined by ``|``.
    """

    name: str
    kind: Kind
    required: bool = True
    symbols: Mapping[str, int] | None = None
    joined: bool = False


@dataclass(frozen=True, slots=True)
class Signature:
    """One call. Positional arguments fill the parameters in this order.

    Attributes:
        named: the call cannot go without a result name.
        begins: it may sleep until another process does something, and so be begun.
    """

    code: abi.Code
    parameters: tuple[Parameter, ...]
    result: Result = Result.VALUE
    named: bool = False
    begins: bool = False


PROT = {
    name: sum({"r": abi.Prot.READ, "w": abi.Prot.WRITE, "x": abi.Prot.EXEC}[bit] for bit in bits)
    for name, bits in (
        ("none", ""),
        *((bits, bits) for bits in ("r", "w", "x", "rw", "rx", "wx", "rwx")),
    )
}
PRIVATE = 0x100  # no bit of the ABI's: private is what shared is not
MAP = {"private": PRIVATE, "shared": int(abi.Map.SHARED), "anon": int(abi.Map.ANON)} | {
    flag.name: int(flag)
    for flag in (abi.Map.GROWSDOWN, abi.Map.POPULATE, abi.Map.HUGETLB)
    if flag.name
}
OPEN = {str(flag.name).lower(): int(flag) for flag in abi.Open}
ADVICE = {advice.name: int(advice) for advice in abi.Madv}
FALLOC = {str(flag.name): int(flag) for flag in abi.Falloc}
UFFD = {str(flag.name): int(flag) for flag in abi.Uffd}
SCRIPTED = {str(flag.name): int(flag) for flag in abi.Scripted}
BLOCK = {str(flag.name): int(flag) for flag in abi.Block}
MS = {str(flag.name): int(flag) for flag in abi.Ms}
FOLL = {str(flag.name): int(flag) for flag in abi.Foll}
ALLOC = {str(kind.name).lower(): int(kind) for kind in abi.Alloc}
FAULT = {str(fault.name): int(fault) for fault in abi.Fault if fault is not abi.Fault.PAGE}
ANSWER = {str(answer.name): int(answer) for answer in abi.Answer if answer is not abi.Answer.PAGES}
ON_MMAP = {str(flag.name): int(flag) for flag in abi.VmaFlag if flag & abi.ON_MMAP_FLAGS}
ACCESS = {str(flag.name): int(flag) for flag in (abi.Foll.WRITE, abi.Foll.FORCE)}
TYPE = {str(kind.name): int(kind) for kind in abi.Type}
INSERTS = {
    str(code.name).lower(): int(code)
    for code in (
        abi.Code.VMF_INSERT_PFN,
        abi.Code.VMF_INSERT_PFN_PROT,
        abi.Code.VMF_INSERT_MIXED,
    )
}
BAR = "BAR"  # the device memory, of which BAR[0] is the first page
PENDING = {"SIGKILL": int(abi.Mode.KILLED)}

_PAGES = Parameter("pages", Kind.NUMBER)
_SOME_PAGES = Parameter("pages", Kind.NUMBER, required=False)
_SIZE = Parameter("size", Kind.NUMBER, required=False)
_N = Parameter("n", Kind.NUMBER, required=False)
_PLACE = Parameter("place", Kind.PLACE)
_PROT = Parameter("prot", Kind.SYMBOLS, symbols=PROT)
_GUP = (
    Parameter("addr", Kind.ADDRESS),
    Parameter("nr", Kind.NUMBER),
    Parameter("gup_flags", Kind.SYMBOLS, required=False, symbols=FOLL, joined=True),
)
_PENDING = Parameter("pending", Kind.SYMBOLS, required=False, symbols=PENDING)
_NULL = Parameter("pages", Kind.SYMBOLS, required=False, symbols={"NULL": abi.Get.NO_PAGES})
_VMAS = Parameter("vmas", Kind.NUMBER, required=False)
_LOCKED = Parameter("locked", Kind.NUMBER, required=False)
_HELD = (Parameter("held", Kind.HELD),)
_DATA = Parameter("data", Kind.DATA)
_UFFD_WP = Parameter("mode", Kind.SYMBOLS, required=False, symbols={"WP": int(abi.Uffd.WP)})
_FILE = Parameter("file", Kind.FILE)
_OFFSET = Parameter("offset", Kind.NUMBER)
_PROCESS = Parameter("process", Kind.PROCESS)
_ZAP = (_PLACE, _SOME_PAGES, _SIZE, Parameter("vma", Kind.PLACE, required=False))
_ADDRESS = Parameter("addr", Kind.ADDRESS)
_FRAME = Parameter("frame", Kind.FRAME)
_TYPE = Parameter("type", Kind.SYMBOLS, required=False, symbols=TYPE)
_IN_VMA = Parameter("vma", Kind.PLACE, required=False)
_LEN = Parameter("len", Kind.NUMBER)

CALLS: dict[str, Signature] = {
    "mmap": Signature(
        abi.Code.MMAP,
        (
            _PAGES,
            _PROT,
            Parameter("flags", Kind.SYMBOLS, symbols=MAP, joined=True),
            Parameter("file", Kind.FILE, required=False),
            Parameter("offset", Kind.NUMBER, required=False),
            Parameter("adjacent_to", Kind.MAPPING, required=False),
            Parameter("align", Kind.NUMBER, required=False),
            Parameter("at", Kind.PLACE, required=False),
        ),
        Result.MAPPING,
    ),
    "munmap": Signature(abi.Code.MUNMAP, (_PLACE, _SOME_PAGES)),
    "mprotect": Signature(abi.Code.MPROTECT, (_PLACE, _PROT, _SOME_PAGES)),
    "madvise": Signature(
        abi.Code.MADVISE,
        (_PLACE, Parameter("advice", Kind.SYMBOLS, symbols=ADVICE), _SOME_PAGES),
        begins=True,
    ),
    "load": Signature(abi.Code.LOAD, (_PLACE, _N), Result.DATA, begins=True),
    "store": Signature(abi.Code.STORE, (_PLACE, _DATA), begins=True),
    "fork": Signature(abi.Code.FORK, (), Result.PROCESS, named=True),
    "exit": Signature(abi.Code.EXIT, (), Result.NOTHING),
    "execve": Signature(abi.Code.EXECVE, ()),
    "statm": Signature(abi.Code.STATM, ()),
    "memfd": Signature(abi.Code.MEMFD, (_SOME_PAGES, _SIZE), Result.FILE),
    "memfd_secret": Signature(abi.Code.SECRETMEM, (_SOME_PAGES, _SIZE), Result.FILE),
    "ftruncate": Signature(abi.Code.FTRUNCATE, (_FILE, _SOME_PAGES, _SIZE)),
    "uffd_register": Signature(
        abi.Code.UFFD_REGISTER,
        (
            _PLACE,
            _SOME_PAGES,
            Parameter("mode", Kind.SYMBOLS, required=False, symbols=UFFD, joined=True),
        ),
    ),
    "uffd_copy": Signature(abi.Code.UFFD_COPY, (_PROCESS, _PLACE, _DATA, _UFFD_WP)),
    "uffd_zeropage": Signature(abi.Code.UFFD_ZEROPAGE, (_PROCESS, _PLACE)),
    "uffd_writeprotect": Signature(
        abi.Code.UFFD_WRITEPROTECT, (_PROCESS, _PLACE, _SOME_PAGES, _UFFD_WP)
    ),
    "swapon": Signature(abi.Code.SWAPON, ()),
    "swapoff": Signature(abi.Code.SWAPOFF, ()),
    "uffd_continue": Signature(abi.Code.UFFD_CONTINUE, (_PROCESS, _PLACE)),
    "wait": Signature(abi.Code.WAIT, (Parameter("call", Kind.BEGUN),)),
    "open": Signature(
        abi.Code.OPEN,
        (
            _SOME_PAGES,
            _SIZE,
            Parameter("flags", Kind.SYMBOLS, required=False, symbols=OPEN, joined=True),
        ),
        Result.FILE,
    ),
    "fsync": Signature(abi.Code.FSYNC, (_FILE,)),
    "drop_caches": Signature(abi.Code.DROP_CACHES, ()),
    "mremap": Signature(
        abi.Code.MREMAP,
        (
            _PLACE,
            Parameter("new_pages", Kind.NUMBER),
            _SOME_PAGES,
            Parameter("to", Kind.PLACE, required=False),
        ),
    ),
    "mlock": Signature(abi.Code.MLOCK, (_PLACE, _SOME_PAGES), begins=True),
    "munlock": Signature(abi.Code.MUNLOCK, (_PLACE, _SOME_PAGES)),
    "msync": Signature(
        abi.Code.MSYNC,
        (_PLACE, Parameter("flags", Kind.SYMBOLS, symbols=MS, joined=True), _SOME_PAGES),
    ),
    "kill": Signature(abi.Code.KILL, (_PROCESS,)),
    "wait_pid": Signature(abi.Code.WAIT_PID, (_PROCESS,), begins=True),
    "fallocate": Signature(
        abi.Code.FALLOCATE,
        (
            _FILE,
            _OFFSET,
            Parameter("n", Kind.NUMBER),
            Parameter("mode", Kind.SYMBOLS, required=False, symbols=FALLOC, joined=True),
        ),
    ),
    "pread": Signature(abi.Code.PREAD, (_FILE, _OFFSET, _N), Result.DATA),
    "pwrite": Signature(abi.Code.PWRITE, (_FILE, _OFFSET, _DATA)),
    "mem_read": Signature(abi.Code.MEM_READ, (_PROCESS, _ADDRESS, _N), Result.DATA),
    "mem_write": Signature(abi.Code.MEM_WRITE, (_PROCESS, _ADDRESS, _DATA)),
    "ptrace_peekdata": Signature(abi.Code.PEEKDATA, (_PROCESS, _ADDRESS), Result.DATA),
    "ptrace_pokedata": Signature(abi.Code.POKEDATA, (_PROCESS, _ADDRESS, _DATA)),
    "process_vm_readv": Signature(
        abi.Code.VM_READ, (_PROCESS, _ADDRESS, _N), Result.DATA, begins=True
    ),
    "process_vm_writev": Signature(abi.Code.VM_WRITE, (_PROCESS, _ADDRESS, _DATA, _N), begins=True),
    "access_process_vm": Signature(
        abi.Code.ACCESS_PROCESS_VM,
        (
            _PROCESS,
            _ADDRESS,
            _N,
            Parameter("data", Kind.DATA, required=False),
            Parameter("gup_flags", Kind.SYMBOLS, required=False, symbols=ACCESS, joined=True),
            _PENDING,
        ),
        Result.DATA,
    ),
    "get_user_pages": Signature(
        abi.Code.GET_USER_PAGES, (*_GUP, _NULL, _VMAS, _PENDING), Result.HELD, begins=True
    ),
    "get_user_pages_remote": Signature(
        abi.Code.GET_USER_PAGES_REMOTE,
        (_PROCESS, *_GUP, _NULL, _VMAS, _LOCKED, _PENDING),
        Result.HELD,
        begins=True,
    ),
    "get_user_pages_unlocked": Signature(
        abi.Code.GET_USER_PAGES_UNLOCKED, (*_GUP, _NULL, _PENDING), Result.HELD, begins=True
    ),
    "get_user_pages_fast": Signature(
        abi.Code.GET_USER_PAGES_FAST, (*_GUP, _NULL, _PENDING), Result.HELD, begins=True
    ),
    "get_user_pages_fast_only": Signature(
        abi.Code.GET_USER_PAGES_FAST_ONLY, (*_GUP, _NULL, _PENDING), Result.HELD
    ),
    "pin_user_pages": Signature(
        abi.Code.PIN_USER_PAGES, (*_GUP, _NULL, _VMAS, _PENDING), Result.HELD
    ),
    "pin_user_pages_fast": Signature(
        abi.Code.PIN_USER_PAGES_FAST, (*_GUP, _NULL, _PENDING), Result.HELD, begins=True
    ),
    "put_page": Signature(abi.Code.PUT_PAGE, _HELD),
    "unpin_user_page": Signature(abi.Code.UNPIN_USER_PAGE, _HELD),
    "set_page_dirty": Signature(abi.Code.SET_PAGE_DIRTY, _HELD),
    "set_page_dirty_lock": Signature(abi.Code.SET_PAGE_DIRTY_LOCK, _HELD),
    "scripted": Signature(
        abi.Code.SCRIPTED,
        (
            _SOME_PAGES,
            _SIZE,
            Parameter("block", Kind.NUMBER, required=False),
            Parameter("flags", Kind.SYMBOLS, required=False, symbols=SCRIPTED, joined=True),
        ),
        Result.FILE,
    ),
    "get_block": Signature(
        abi.Code.GET_BLOCK,
        (
            _FILE,
            Parameter("block", Kind.NUMBER),
            _N,
            Parameter("at", Kind.NUMBER, required=False),
            Parameter("flags", Kind.SYMBOLS, required=False, symbols=BLOCK, joined=True),
            Parameter("metadata", Kind.NUMBER, required=False),
        ),
    ),
    "add_buffers": Signature(abi.Code.ADD_BUFFERS, (_FILE, Parameter("page", Kind.NUMBER))),
    "mpage_readahead": Signature(
        abi.Code.MPAGE_READAHEAD,
        (
            _FILE,
            Parameter("page", Kind.NUMBER),
            Parameter("nr", Kind.NUMBER),
            Parameter("take", Kind.NUMBER, required=False),
            Parameter("late", Kind.NUMBER, required=False),
        ),
    ),
    "bios": Signature(abi.Code.BIOS, (_FILE,), Result.DATA),
    "get_blocks": Signature(abi.Code.GET_BLOCKS, (_FILE,), Result.DATA),
    "peek": Signature(abi.Code.PEEK, (Parameter("place", Kind.HELD_PLACE), _N), Result.DATA),
    "poke": Signature(abi.Code.POKE, (Parameter("place", Kind.HELD_PLACE), _DATA)),
    "zap_page_range": Signature(abi.Code.ZAP_PAGE_RANGE, _ZAP),
    "zap_page_range_single": Signature(abi.Code.ZAP_PAGE_RANGE_SINGLE, _ZAP),
    "unmap_mapping_range": Signature(
        abi.Code.UNMAP_MAPPING_RANGE,
        (
            _FILE,
            Parameter("holebegin", Kind.NUMBER),
            Parameter("holelen", Kind.NUMBER),
            Parameter("even_cows", Kind.NUMBER),
        ),
    ),
    "alloc_pages": Signature(
        abi.Code.ALLOC_PAGES,
        (
            Parameter("nr", Kind.NUMBER),
            Parameter("kind", Kind.SYMBOLS, required=False, symbols=ALLOC),
        ),
        Result.HELD,
    ),
    "device": Signature(abi.Code.DEVICE, (), Result.FILE),
    "fault_around": Signature(abi.Code.FAULT_AROUND, (Parameter("n", Kind.NUMBER),)),
    "on_mmap": Signature(
        abi.Code.ON_MMAP,
        (
            _FILE,
            Parameter("vm_flags", Kind.SYMBOLS, required=False, symbols=ON_MMAP, joined=True),
        ),
    ),
    "on_mmap_insert_page": Signature(
        abi.Code.ON_MMAP_INSERT_PAGE,
        (_FILE, Parameter("page", Kind.HELD), Parameter("at", Kind.NUMBER, required=False)),
    ),
    "on_fault": Signature(
        abi.Code.ON_FAULT,
        (
            _FILE,
            Parameter("pages", Kind.HELD, required=False),
            Parameter("gives", Kind.SYMBOLS, required=False, symbols=FAULT),
            Parameter("meanwhile", Kind.HELD, required=False),
        ),
    ),
    "on_access": Signature(
        abi.Code.ON_ACCESS,
        (
            _FILE,
            Parameter("pages", Kind.HELD, required=False),
            Parameter("gives", Kind.SYMBOLS, required=False, symbols=ANSWER),
        ),
    ),
    "vm_insert_page": Signature(
        abi.Code.VM_INSERT_PAGE,
        (
            _PLACE,
            Parameter("page", Kind.HELD),
            Parameter("at", Kind.PLACE, required=False),
        ),
    ),
    "remap_pfn_range": Signature(
        abi.Code.REMAP_PFN_RANGE, (_PLACE, _FRAME, _SOME_PAGES, _SIZE, _TYPE, _IN_VMA)
    ),
    "vm_iomap_memory": Signature(abi.Code.VM_IOMAP_MEMORY, (_PLACE, _FRAME, _LEN, _TYPE)),
    "vmf_insert_pfn": Signature(abi.Code.VMF_INSERT_PFN, (_PLACE, _FRAME, _IN_VMA)),
    "vmf_insert_pfn_prot": Signature(
        abi.Code.VMF_INSERT_PFN_PROT, (_PLACE, _FRAME, _TYPE, _IN_VMA)
    ),
    "vmf_insert_mixed": Signature(abi.Code.VMF_INSERT_MIXED, (_PLACE, _FRAME, _IN_VMA)),
    "follow_pfn": Signature(abi.Code.FOLLOW_PFN, (_PLACE, _IN_VMA)),
    "zap_vma_ptes": Signature(abi.Code.ZAP_VMA_PTES, (_PLACE, _SOME_PAGES, _SIZE, _IN_VMA)),
    "on_mmap_remap_pfn_range": Signature(
        abi.Code.ON_MMAP_REMAP_PFN_RANGE,
        (
            _FILE,
            _FRAME,
            _SOME_PAGES,
            _SIZE,
            Parameter("at", Kind.NUMBER, required=False),
            _TYPE,
        ),
    ),
    "on_mmap_vm_iomap_memory": Signature(
        abi.Code.ON_MMAP_VM_IOMAP_MEMORY, (_FILE, _FRAME, _LEN, _TYPE)
    ),
    "on_fault_insert": Signature(
        abi.Code.ON_FAULT_INSERT,
        (_FILE, _FRAME, Parameter("call", Kind.SYMBOLS, symbols=INSERTS), _TYPE),
    ),
}

# ---- conditions -----------------------------------------------------------

# Facts: name -> the names that may follow the place; empty: nothing follows.
# Each may have a process's name before the place.
FACTS: dict[str, dict[str, int]] = {
    "page": {},
    "ref": {},
    "map": {},
    "flag": {str(flag.name).lower(): int(flag) for flag in abi.PageFlag},
    "pte": {str(flag.name).lower(): int(flag) for flag in abi.PteFlag},
    "vma": {str(flag.name).lower(): int(flag) for flag in abi.VmaFlag},
}

# What the operation just above a claim gave.
OUTCOME_NAMES = ("ret", "signal", "si_code", "refused", "blocked", "locked", "vmas", "pfn")
# What an environment is asked for in ``requires:``.
ENVIRONMENT_NAMES = ("arch", "kernel", "config", "option", "boot_arg")

NUMBERS = {
    "INT_MIN": -(1 << 31),
    "INT_MAX": (1 << 31) - 1,
    "LONG_MIN": -(1 << 63),
    "LONG_MAX": (1 << 63) - 1,
    # addresses that no mapping of a program has, the same on both architectures
    "HOLE": 0x20_0000_0000,
    "NONCANONICAL": 1 << 48,
    "KERNEL": 0xFFFFFFFF81000000,
    "LAST_PAGE": -4096,
    "VDSO": VDSO,
    "VVAR": VVAR,
    "VSYSCALL": VSYSCALL,
}
# include/uapi/asm-generic/{errno,errno-base,signal,siginfo}.h, the same on both architectures
CONSTANTS = {
    **NUMBERS,
    "EPERM": 1,
    "ENOENT": 2,
    "ESRCH": 3,
    "EINTR": 4,
    "EIO": 5,
    "EBADF": 9,
    "EAGAIN": 11,
    "ENOMEM": 12,
    "EACCES": 13,
    "EFAULT": 14,
    "EBUSY": 16,
    "EEXIST": 17,
    "EINVAL": 22,
    "ENFILE": 23,
    "EMFILE": 24,
    "ETXTBSY": 26,
    "EFBIG": 27,
    "ENOSPC": 28,
    "ENOSYS": 38,
    "EOVERFLOW": 75,
    "EOPNOTSUPP": 95,
    "EHWPOISON": 133,
    "SIGILL": 4,
    "SIGTRAP": 5,
    "SIGABRT": 6,
    "SIGBUS": 7,
    "SIGFPE": 8,
    "SIGKILL": 9,
    "SIGSEGV": 11,
    "SEGV_MAPERR": 1,
    "SEGV_ACCERR": 2,
    "BUS_ADRALN": 1,
    "BUS_ADRERR": 2,
    "BUS_OBJERR": 3,
    "BUS_MCEERR_AR": 4,
    # include/linux/mm_types.h, enum vm_fault_reason
    "VM_FAULT_NOPAGE": 0x100,
    "VM_FAULT_SIGBUS": 2,
    **{reason.name.lower(): int(reason) for reason in abi.Refused if reason},
}

KEYWORDS = ("claim", "requires", "begin", "wait", "and", "or", "not", "in")
# Names that no result may have.
RESERVED = frozenset((*KEYWORDS, "main", BAR, *OUTCOME_NAMES, *CONSTANTS))
