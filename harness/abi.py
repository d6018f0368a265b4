"""The ABI between host, agent and module: a mirror of kmod/pagelab_uapi.h.

Sizes, offsets and values are compared with the header by a compiled test
(tests/integration/test_abi.py). Nothing here decides anything: numbers and
struct layouts only.
"""

from __future__ import annotations

import enum
import struct
import zlib
from dataclasses import dataclass

MAGIC = 0x4C474150
VERSION = 1

GUP_CAPACITY = 512
PROCESSES_MAX = 8
FILES_MAX = 8
HELD_MAX = 64
ARENA_PAGES_MAX = 4096
TOUCH_MAX = 4
DATA_MAX = 256
ACCESS_MAX = 16384
OPERATIONS_MAX = 1024
BAR_PAGES = 16
FRAME_BAR = 1 << 60
FRAME_SWAP = 1 << 61
BLOB_MAX = 65536
SNAPSHOT_MAX = 1 << 20
LOG_MAX = 16384
ALLOC_MAX = 256
SLAB_PAGES = 8
ON_MMAP_MAX = 8
SCRIPT_PAGES = 256
SCRIPT_BLOCKS = 2048
SCRIPT_RUNS = 255
DISK_SECTORS = 1 << 23
IO_MAX = 1024

PAGE_SHIFT = 12
PAGE_SIZE = 4096
HUGE_PAGES = 512  # of a leaf above the PTE level, both architectures with 4 KiB pages
WHOLE = 0xFFFFFFFF
SLOT_BAR = 0xFFFFFFFE
SLOT_PHYSICAL = 0xFFFFFFFD
FILE_NONE = 0
FILE_OTHER = 0xFFFFFFFF


class Code(enum.IntEnum):
    """enum pl_code: which call an operation makes."""

    __hash__ = int.__hash__  # an enum's own is slow, and every operation is looked up by it

    MMAP = 1
    MUNMAP = 2
    MPROTECT = 3
    MADVISE = 4
    LOAD = 5
    STORE = 6
    FORK = 7
    EXIT = 8
    MEMFD = 9
    FTRUNCATE = 10
    MREMAP = 11
    MLOCK = 12
    MUNLOCK = 13
    WAIT_PID = 14
    KILL = 15
    FALLOCATE = 16
    MSYNC = 17
    PREAD = 18
    PWRITE = 19
    MEM_READ = 20
    MEM_WRITE = 21
    SECRETMEM = 22
    UFFD_REGISTER = 23
    UFFD_COPY = 24
    UFFD_ZEROPAGE = 28
    WAIT = 29
    OPEN = 25
    FSYNC = 26
    DROP_CACHES = 27
    DEVICE = 30
    FAULT_AROUND = 31
    GET_USER_PAGES = 32
    GET_USER_PAGES_FAST = 33
    PUT_PAGE = 34
    SET_PAGE_DIRTY_LOCK = 35
    PEEK = 36
    POKE = 37
    GET_USER_PAGES_REMOTE = 38
    GET_USER_PAGES_UNLOCKED = 39
    GET_USER_PAGES_FAST_ONLY = 40
    PIN_USER_PAGES = 41
    PIN_USER_PAGES_FAST = 42
    UNPIN_USER_PAGE = 43
    SET_PAGE_DIRTY = 44
    ACCESS_PROCESS_VM = 45
    ON_ACCESS = 46
    ALLOC_PAGES = 64
    ON_MMAP = 65
    ON_MMAP_INSERT_PAGE = 66
    ON_FAULT = 67
    VM_INSERT_PAGE = 68
    SCRIPTED = 90
    GET_BLOCK = 91
    ADD_BUFFERS = 92
    MPAGE_READAHEAD = 93
    BIOS = 94
    GET_BLOCKS = 95
    ZAP_PAGE_RANGE = 110
    ZAP_PAGE_RANGE_SINGLE = 111
    UNMAP_MAPPING_RANGE = 112
    EXECVE = 128
    STATM = 129
    PEEKDATA = 134
    POKEDATA = 135
    VM_READ = 136
    VM_WRITE = 137
    UFFD_WRITEPROTECT = 144
    UFFD_CONTINUE = 145
    SWAPON = 146
    SWAPOFF = 147
    REMAP_PFN_RANGE = 80
    VM_IOMAP_MEMORY = 81
    VMF_INSERT_PFN = 82
    VMF_INSERT_PFN_PROT = 83
    VMF_INSERT_MIXED = 84
    FOLLOW_PFN = 85
    ZAP_VMA_PTES = 86
    ON_MMAP_REMAP_PFN_RANGE = 87
    ON_MMAP_VM_IOMAP_MEMORY = 88
    ON_FAULT_INSERT = 89


# The calls that get pages: their aux is Get.
GETS = frozenset(
    {
        Code.GET_USER_PAGES,
        Code.GET_USER_PAGES_REMOTE,
        Code.GET_USER_PAGES_UNLOCKED,
        Code.GET_USER_PAGES_FAST,
        Code.GET_USER_PAGES_FAST_ONLY,
        Code.PIN_USER_PAGES,
        Code.PIN_USER_PAGES_FAST,
    }
)


class Prot(enum.IntFlag):
    READ = 1
    WRITE = 2
    EXEC = 4


class Map(enum.IntFlag):
    SHARED = 1
    ANON = 2
    GROWSDOWN = 4
    POPULATE = 8
    HUGETLB = 16
    FIXED = 32


class Madv(enum.IntEnum):
    DONTNEED = 1
    FREE = 2
    POPULATE_READ = 3
    POPULATE_WRITE = 4
    REMOVE = 5
    HUGEPAGE = 6
    NOHUGEPAGE = 7
    PAGEOUT = 8
    COLD = 9
    DONTNEED_LOCKED = 10
    GUARD_INSTALL = 11


class Open(enum.IntFlag):
    RDONLY = 1


class Mremap(enum.IntFlag):
    FIXED = 1


class Falloc(enum.IntFlag):
    KEEP_SIZE = 1
    PUNCH_HOLE = 2


class Uffd(enum.IntFlag):
    """PL_UFFD_*: what a userfaultfd is told of."""

    MISSING = 1
    WP = 2
    MINOR = 4


class Ms(enum.IntFlag):
    ASYNC = 1
    INVALIDATE = 2
    SYNC = 4


class Unmap(enum.IntFlag):
    """What unmap_mapping_range is told."""

    EVEN_COWS = 1


class Foll(enum.IntFlag):
    WRITE = 1
    FORCE = 2
    NOWAIT = 4
    LONGTERM = 8
    ANON = 16
    HWPOISON = 32
    SPLIT_PMD = 64
    GET = 128
    PIN = 256
    PCI_P2PDMA = 512


class Get(enum.IntFlag):
    """PL_GET_*: what else a call that gets pages is given."""

    NO_PAGES = 1
    VMAS = 2
    LOCKED = 4


class Alloc(enum.IntEnum):
    """PL_ALLOC_*: what alloc_pages() allocates."""

    SINGLE = 0
    COMPOUND = 1
    SPLIT = 2
    UNCUT = 3
    SLAB = 4
    KMALLOC = 5
    TABLE = 6
    GUARD = 7
    OFFLINE = 8


class Answer(enum.IntEnum):
    """PL_ANSWER_*: what a device's ->access does."""

    PAGES = 1
    LENGTH = 2
    PHYS = 3


class Fault(enum.IntEnum):
    """PL_FAULT_*: what a device's ->fault returns."""

    SIGBUS = 0
    PAGE = 1
    OOM = 2
    HWPOISON = 3
    SIGSEGV = 4


class Scripted(enum.IntFlag):
    """How the module's disk treats a file whose blocks the program says."""

    RW_PAGE = 1


class Block(enum.IntFlag):
    """What get_block says of a block beside where it is."""

    BOUNDARY = 1
    UPTODATE = 2
    ERROR = 4
    SINGLE = 8
    BAD = 16


class Io(enum.IntEnum):
    """What a file's disk was asked: PL_IO_READ, ..."""

    READ = 1
    RW_PAGE = 2
    GET_BLOCK = 3


class IoFlag(enum.IntFlag):
    """Flags of a bio."""

    RAHEAD = 1
    META = 2
    FAILED = 4


class Type(enum.IntFlag):
    """PL_TYPE_*: a mapping's memory type."""

    WC = 1
    NC = 2
    WT = 4


class Mode(enum.IntFlag):
    """How a call is made."""

    BEGIN = 1
    KILLED = 2


class Kind(enum.IntEnum):
    """enum pl_kind: what sort of outcome a record is."""

    VALUE = 1
    SIGNAL = 2
    DEATH = 3
    REFUSED = 4
    NO_PROCESS = 5
    BLOCKED = 6
    END = 0x80


class Refused(enum.IntEnum):
    """enum pl_refused: why the module would not make a call."""

    NONE = 0
    CAPACITY = 1
    TABLE_END = 2
    NOT_HELD = 3
    NOT_MAPPED = 4
    RESERVED = 5
    IS_PIN = 6
    NOT_PIN = 7
    NO_PAGES = 8
    VMAS_LOCKED = 9
    GET_AND_PIN = 10
    UNKNOWN_FLAG = 11
    NO_TARGET = 12
    BUSY = 28
    WHOLE = 32
    NOT_DEVICE = 33
    PFNMAP = 34
    UNFIT = 35
    UNALIGNED = 48
    NO_VMA = 49
    NOT_OURS = 40
    LENT = 41
    MAPPED = 42
    OUTSIDE = 43
    EMPTY = 44
    WRONG_VMA = 46
    NEGATIVE = 52
    TOO_LONG = 53
    NO_READAHEAD = 56
    NOT_SCRIPTED = 57
    RUNS = 58
    ABSENT = 64


class Section(enum.IntEnum):
    PTE = 1
    PAGE = 2
    GONE = 3
    HELD = 4
    CACHE = 5
    RSS = 6
    VMA = 7
    FILE = 8
    IO = 10


class PteFlag(enum.IntFlag):
    PRESENT = 0x0001
    WRITE = 0x0002
    DIRTY = 0x0004
    YOUNG = 0x0008
    SPECIAL = 0x0010
    NONE_PROT = 0x0020
    SWAP = 0x0040
    ZERO = 0x0080
    HUGE = 0x0100
    WC = 0x0200
    NC = 0x0400
    UFFD_WP = 0x0800
    EXCLUSIVE = 0x1000
    GUARD = 0x2000


class PageFlag(enum.IntFlag):
    DIRTY = 0x0001
    UPTODATE = 0x0002
    WRITEBACK = 0x0004
    PRIVATE = 0x0008
    LOCKED = 0x0010
    ANON = 0x0020
    SWAPBACKED = 0x0040
    RESERVED = 0x0080
    EXCLUSIVE = 0x0100
    MAPPING = 0x0200
    SLAB = 0x0400
    COMPOUND = 0x0800
    ZERO = 0x1000
    NO_DATA = 0x2000
    SWAPCACHE = 0x10000
    TYPED = 0x20000


class VmaFlag(enum.IntFlag):
    READ = 0x0001
    WRITE = 0x0002
    EXEC = 0x0004
    SHARED = 0x0008
    MAYREAD = 0x0010
    MAYWRITE = 0x0020
    MAYEXEC = 0x0040
    MAYSHARE = 0x0080
    GROWSDOWN = 0x0100
    PFNMAP = 0x0200
    MIXEDMAP = 0x0400
    IO = 0x0800
    LOCKED = 0x1000
    DONTEXPAND = 0x2000
    DONTDUMP = 0x4000
    HUGETLB = 0x8000
    UFFD_MISSING = 0x10000
    HUGEPAGE = 0x20000
    NOHUGEPAGE = 0x40000
    UFFD_WP = 0x80000
    UFFD_MINOR = 0x100000
    PAT = 0x200000
    MAYBE_GUARD = 0x400000


# What a device's ->mmap may set.
ON_MMAP_FLAGS = int(
    VmaFlag.PFNMAP | VmaFlag.MIXEDMAP | VmaFlag.IO | VmaFlag.DONTEXPAND | VmaFlag.DONTDUMP
)


class FrameType(enum.IntEnum):
    HELLO = 1
    PROGRAM = 2
    RESULT = 3
    STOP = 4
    ERROR = 5


PROGRAM_OBSERVE_END = 1
PROGRAM_STREAM = 2

# struct layouts, little-endian, padding explicit
OPERATION = struct.Struct("<HBBIQqQIIIIII8x")
PROGRAM = struct.Struct("<IIIIIIQII4I")
OUTCOME = struct.Struct("<IBBBBiIqQII")
SECTION = struct.Struct("<HHI")
PTE_RECORD = struct.Struct("<BxHIQ")
PAGE_RECORD = struct.Struct("<QiiIHHQ4Q")
GONE_RECORD = struct.Struct("<Q")
HELD_RECORD = struct.Struct("<IIQ")
CACHE_RECORD = struct.Struct("<IIQ")
RSS_RECORD = struct.Struct("<II4q")
VMA_RECORD = struct.Struct("<IIIII4xQ")
FILE_RECORD = struct.Struct("<I4xQ")
IO_RECORD = struct.Struct("<IIHHIq")
HELLO = struct.Struct("<IIIIQQQQ64s16s")
FRAME = struct.Struct("<IIIIII")
FRAME_MAGIC = 0x4D524C50
FRAME_MAX = 4 << 20

SECTION_RECORDS = {
    Section.PTE: PTE_RECORD,
    Section.PAGE: PAGE_RECORD,
    Section.GONE: GONE_RECORD,
    Section.HELD: HELD_RECORD,
    Section.CACHE: CACHE_RECORD,
    Section.RSS: RSS_RECORD,
    Section.VMA: VMA_RECORD,
    Section.FILE: FILE_RECORD,
    Section.IO: IO_RECORD,
}

_MASK = (1 << 64) - 1
_DIGEST_STEP = 0x9E3779B97F4A7C15
_DIGEST_FACTOR = 0xBF58476D1CE4E5B9


def mix(word: int, index: int) -> int:
    """One word's share of a page's digest (pl_mix in the header); 0 for an empty word."""
    if not word:
        return 0
    value = ((word + (index + 1) * _DIGEST_STEP) * _DIGEST_FACTOR) & _MASK
    return value ^ (value >> 32)


@dataclass(frozen=True, slots=True)
class Op:
    """One operation with every symbol resolved: what the wire and the model share.

    Attributes mirror struct pl_operation. file, slot: -1 where there is none.
    line: the program's line (from 1), for messages only.
    """

    code: Code
    process: int = 0
    addr: int = 0
    n: int = 0
    prot: int = 0
    flags: int = 0
    aux: int = 0
    file: int = -1
    slot: int = -1
    index: int = WHOLE
    mode: int = 0
    data: bytes = b""
    line: int = 0


def pack_program(
    ops: tuple[Op, ...],
    *,
    arena_start: int,
    arena_pages: int,
    touches: tuple[int, ...],
    number: int = 0,
    observe_end: bool = False,
    stream: bool = False,
) -> bytes:
    """The payload of a PROGRAM frame.

    Args:
        ops: at most OPERATIONS_MAX.
        arena_start: bytes, page aligned.
        arena_pages: pages.
        touches: at most TOUCH_MAX offsets in a page, multiples of 8.
        number: comes back with each RESULT frame.
        observe_end: one snapshot after the last operation instead of one after each.
        stream: a RESULT frame for each operation, sent at once.
    """
    blob = bytearray()
    records = []
    for op in ops:
        records.append(
            OPERATION.pack(
                op.code,
                op.process,
                op.prot,
                op.flags,
                op.addr & _MASK,
                op.n,
                op.aux,
                op.slot & 0xFFFFFFFF,
                op.index,
                op.file + 1,
                len(blob),
                len(op.data),
                op.mode,
            )
        )
        blob += op.data
    flags = (PROGRAM_OBSERVE_END if observe_end else 0) | (PROGRAM_STREAM if stream else 0)
    padded = touches + (0,) * (TOUCH_MAX - len(touches))
    head = PROGRAM.pack(
        MAGIC,
        VERSION,
        number,
        len(ops),
        len(blob),
        flags,
        arena_start,
        arena_pages,
        len(touches),
        *padded,
    )
    return b"".join((head, *records, bytes(blob)))


@dataclass(frozen=True, slots=True)
class Hello:
    """struct pl_hello: what the guest says of itself."""

    page_size: int
    gup_capacity: int
    task_size: int
    zero_pfn: int
    table_span: int
    features: int
    release: str
    machine: str

    def facts(self) -> dict[str, int]:
        """The numbers, as an environment keeps them."""
        names = ("gup_capacity", "task_size", "zero_pfn", "table_span", "features")
        return {name: getattr(self, name) for name in names}


def frame_crc(length: int, sequence: int, kind: int, payload: bytes) -> int:
    """CRC-32 of a frame's header (with crc 0) and payload."""
    head = FRAME.pack(FRAME_MAGIC, length, sequence, kind, 0, 0)
    return zlib.crc32(payload, zlib.crc32(head))
