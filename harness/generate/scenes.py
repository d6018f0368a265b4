"""Scenes: a few calls that only together lead anywhere.

Moves drawn one by one seldom meet in such an order. A program begins with the scenes of
its themes, most of the time; each is itself left to chance in what it can be.
"""

from __future__ import annotations

from collections.abc import Callable

from ..abi import HUGE_PAGES
from ..model.registry import V_UFFD
from ..model.state import Vma
from ..program import INITIAL, Ref, Symbols
from ..signatures import BAR, CALLS
from .hand import PAGE, Hand, symbols
from .moves import Do, move

OPENINGS: dict[str, Do] = {}


def opening(theme: str) -> Callable[[Do], Do]:
    """Register the scene with which a program of that theme begins."""

    def register(do: Do) -> Do:
        OPENINGS[theme] = do
        return do

    return register


def _anonymous(g: Hand, process: str, pages: int, sharing: str = "private") -> Ref | None:
    """Memory of a process's own, with bytes in some of its pages."""
    flags = symbols(sharing, "anon")
    prot = Symbols(("rw",))
    made = g.new("mmap", pages, process=process, prot=prot, flags=flags)
    for index in range(pages if made is not None else 0):
        if made is not None and g.draw.chance(60):
            g.call("store", Ref(made.name, index, g.offset() & ~63), g.data(8), process=process)
    return made


def _of(g: Hand, file: Ref | None, pages: int, sharing: str, prot: str = "rw") -> Ref | None:
    """Main's mapping of a file."""
    if file is None:
        return None
    flags = symbols(sharing)
    return g.new("mmap", pages, process=INITIAL, prot=Symbols((prot,)), flags=flags, file=file)


@opening("gup")
@opening("zap")
@opening("lock")
def memory(g: Hand) -> bool:
    sharing = g.pick("private", "private", "shared")
    return _anonymous(g, INITIAL, g.draw.between(2, 4), sharing) is not None


@opening("fork")
@opening("remote")
@opening("wait")
def family(g: Hand) -> bool:
    """Memory that a child has too."""
    made = _anonymous(g, INITIAL, g.draw.between(2, 4))
    return made is not None and g.builder.add("fork", process=INITIAL)


@opening("swap")
def swapped(g: Hand) -> bool:
    """Memory that was swapped out, of a child too, or of a file."""
    g.builder.add("swapon", process=INITIAL)
    made = _anonymous(g, INITIAL, g.draw.between(2, 4), g.pick("private", "private", "shared"))
    if made is None:
        return False
    if g.draw.chance(30):
        g.builder.add("fork", process=INITIAL)
    if g.draw.chance(15):
        g.call("madvise", made, process=INITIAL, advice=Symbols(("FREE",)))
    return g.call("madvise", made, process=INITIAL, advice=Symbols(("PAGEOUT",)))


@move("madvise", "load", "store", theme="swap", weight=80)
def out_and_in(g: Hand) -> bool:
    """Pages go out, and one comes in again."""
    process = g.actor()
    span = g.span(process) if process is not None else None
    if process is None or span is None:
        return False
    if not g.call("madvise", span[0], process=process, advice=Symbols(("PAGEOUT",)), pages=span[1]):
        return False
    place = span[0] if span[0].index is not None else Ref(span[0].name, 0)
    if g.draw.chance(50):
        return g.call("load", place, process=process, n=8)
    return g.call("store", place, g.data(8), process=process)


@opening("uffd")
def watched(g: Hand) -> bool:
    """A child whose memory a userfaultfd is told of."""
    sharing = g.pick("private", "private", "shared")
    if g.draw.chance(30):
        file = g.new("memfd", process=INITIAL, pages=4)
        made = _of(g, file, 4, sharing)
        if file is not None and g.draw.chance(60):
            g.builder.add("pwrite", file, process=INITIAL, offset=PAGE, data=g.data())
    else:
        made = _anonymous(g, INITIAL, g.draw.between(2, 4), sharing)
    child = g.new("fork", process=INITIAL)
    if made is None or child is None:
        return False
    mode = g.pick(None, None, symbols("WP"), symbols("MISSING", "WP"), symbols("MINOR"))
    g.builder.add("uffd_register", made, process=child.name, mode=mode)
    if g.draw.chance(50):
        g.call("madvise", made, process=child.name, advice=Symbols(("DONTNEED",)))
    if mode is not None:
        g.builder.add("uffd_writeprotect", child, made, process=INITIAL, mode=symbols("WP"))
    return True


_WAITING = (
    *("load", "store", "load", "store", "get_user_pages_fast", "get_user_pages_unlocked"),
    *("get_user_pages_remote", "pin_user_pages_fast", "mlock", "madvise"),
    *("process_vm_readv", "process_vm_writev"),
)


@move(*_WAITING, theme="uffd", weight=140)
def waits(g: Hand) -> bool:
    """Somebody comes to memory that a userfaultfd is told of."""
    able = g.builder.able()
    owners = [name for name in g.builder.alive() if g.vmas(name, _is_watched)]
    if len(able) < 2 or not owners:
        return False
    owner = g.draw.pick(owners)
    index = g.index(owner, _is_watched)
    assert index is not None
    place = g.builder.place(index, g.offset())
    call = g.draw.pick(_WAITING)
    other = g.draw.pick([name for name in able if name != owner] or able)
    process = other if CALLS[call].parameters[0].name == "process" else owner
    if process not in able:
        return False
    if call == "load":
        return g.call(call, place, process=process, n=8)
    if call == "store":
        return g.call(call, place, g.data(8), process=process)
    if call == "mlock":
        return g.call(call, place, process=process, pages=1)
    if call == "madvise":
        advice = Symbols((g.pick("POPULATE_READ", "POPULATE_WRITE"),))
        return g.call(call, g.builder.place(index), process=process, advice=advice, pages=1)
    if call == "process_vm_readv":
        return g.call(call, Ref(owner), place, process=process, n=g.draw.pick((8, 5000)))
    if call == "process_vm_writev":
        return g.call(call, Ref(owner), place, g.data(), process=process)
    flags = symbols("WRITE") if g.draw.chance(50) else None
    nr = g.draw.between(1, 3)
    if call == "get_user_pages_remote":
        return g.call(call, Ref(owner), place, process=process, nr=nr, gup_flags=flags, locked=1)
    return g.call(call, place, process=process, nr=nr, gup_flags=flags)


def _is_watched(vma: Vma) -> bool:
    return bool(vma.flags & V_UFFD)


@opening("file")
@opening("around")
def of_memory(g: Hand) -> bool:
    """A file in memory, mapped, with bytes here and there."""
    pages = g.draw.between(2, 8)
    return _file(g, g.new("memfd", process=INITIAL, pages=pages), pages)


@opening("disk")
def of_disk(g: Hand) -> bool:
    """The same of a file on the disk."""
    pages = g.draw.between(2, 8)
    flags = g.pick(None, None, None, symbols("rdonly"))
    return _file(g, g.new("open", process=INITIAL, pages=pages, flags=flags), pages)


def _file(g: Hand, file: Ref | None, pages: int) -> bool:
    for index in range(pages if file is not None else 0):
        if file is not None and g.draw.chance(40):
            offset = index * PAGE + g.offset()
            g.builder.add("pwrite", file, process=INITIAL, offset=offset, data=g.data())
    if file is not None and g.draw.chance(25):
        g.builder.add("fsync", file, process=INITIAL)
        g.builder.add("drop_caches", process=INITIAL)
    return _of(g, file, pages, g.pick("shared", "private")) is not None


@move("open", "madvise", "fsync", "munmap", "mpage_readahead", "bios", theme="disk", weight=8)
def indirect(g: Hand) -> bool:
    """A file on the disk that is long enough for an indirect block, read ahead."""
    if INITIAL not in g.builder.able():
        return False
    pages = g.draw.between(12, 18)
    file = g.new("open", process=INITIAL, pages=pages)
    made = _of(g, file, pages, "shared")
    if made is None or file is None:
        return False
    g.call("madvise", made, process=INITIAL, advice=Symbols(("POPULATE_WRITE",)))
    g.builder.add("fsync", file, process=INITIAL)
    g.builder.add("munmap", made, process=INITIAL)
    g.builder.add("drop_caches", process=INITIAL)
    g.builder.add("mpage_readahead", file, 0, pages, process=INITIAL)
    return g.builder.add("bios", file, process=INITIAL)


@opening("secret")
def secret(g: Hand) -> bool:
    """Secret memory with bytes in it."""
    made = _of(g, g.new("memfd_secret", process=INITIAL, pages=2), 2, "shared")
    return made is not None and g.call("store", Ref(made.name, 0), g.data(), process=INITIAL)


_ODD = ("BOUNDARY", "UPTODATE", "SINGLE", "BAD")


@opening("mpage")
def script(g: Hand) -> bool:
    """A file whose blocks lie in runs."""
    block = g.draw.pick((4096, 4096, 4096, 1024, 2048, 512))
    pages = g.draw.between(4, 12)
    flags = symbols("RW_PAGE") if g.draw.chance(20) else None
    file = g.new("scripted", process=INITIAL, pages=pages, block=block, flags=flags)
    first = 0
    if file is None:
        return False
    for _ in range(g.draw.between(1, 4)):
        count = g.draw.between(1, max(1, pages * PAGE // block // 2))
        odd = g.pick(*(None,) * 12, *(symbols(name) for name in _ODD))
        at = 100 + first + g.draw.pick((0, 0, 0, 5))
        g.builder.add("get_block", file, first, process=INITIAL, n=count, at=at, flags=odd)
        first += count + g.draw.pick((0, 0, 0, 1))
    if g.draw.chance(50):
        _of(g, file, pages, g.pick("shared", "private"), "r")
    if g.draw.chance(40):
        g.builder.add("add_buffers", file, g.draw.below(pages), process=INITIAL)
    return g.builder.add("mpage_readahead", file, 0, pages, process=INITIAL)


@move("load", "pread", theme="mpage", weight=80)
def read(g: Hand) -> bool:
    """A page of a scripted file is read, by a fault or by itself."""
    file = g.file(INITIAL, "scripted")
    if file is None or INITIAL not in g.builder.able():
        return False
    if g.draw.chance(50):
        offset = g.draw.below(8) * PAGE + g.draw.pick((0, 100, 4000))
        return g.builder.add("pread", file, process=INITIAL, offset=offset, n=g.draw.pick((8, 200)))
    number = g.builder.state.slots[g.builder.scope.files[file.name]]
    place = g.page(INITIAL, lambda vma: vma.file == number)
    return place is not None and g.call("load", place, process=INITIAL, n=8)


@opening("driver")
def driver(g: Hand) -> bool:
    """A device that gives its pages, mapped."""
    kind = symbols(g.pick("single", "split", "compound"))
    pages = g.new("alloc_pages", 4, process=INITIAL, kind=kind)
    file = g.new("device", process=INITIAL)
    if pages is None or file is None:
        return False
    g.builder.add("poke", Ref(pages.name, 1, 0), g.data(), process=INITIAL)
    flags = g.pick(None, symbols("MIXEDMAP"), symbols("MIXEDMAP"))
    g.builder.add("on_mmap", file, process=INITIAL, vm_flags=flags)
    if g.draw.chance(30):
        g.builder.add("on_mmap_insert_page", file, Ref(pages.name, 0), process=INITIAL)
    if g.draw.chance(85):
        early = g.new("alloc_pages", 4, process=INITIAL) if g.draw.chance(20) else None
        g.builder.add("on_fault", file, process=INITIAL, pages=pages, meanwhile=early)
    if g.draw.chance(30):
        g.builder.add("on_access", file, process=INITIAL, pages=pages)
    sharing = g.pick("shared", "shared", "private")
    return _of(g, file, 4, sharing, g.pick("rw", "rw", "r")) is not None


@opening("frames")
def frames(g: Hand) -> bool:
    """A device whose mapping has frames: put in by ->mmap, by a fault, or by a call."""
    own = None
    if g.draw.chance(60):
        kind = symbols(g.pick("split", "compound"))
        own = g.new("alloc_pages", 4, process=INITIAL, kind=kind)
    frame = Ref(own.name, 0) if own is not None else Ref(BAR, g.draw.below(4))
    file, pages = g.new("device", process=INITIAL), g.draw.between(1, 4)
    if file is None:
        return False
    how = g.draw.below(4)
    _prepare(g, file, frame, pages, how)
    if g.draw.chance(50):
        gives = symbols(g.pick("PHYS", "PHYS", "LENGTH"))
        g.builder.add("on_access", file, process=INITIAL, gives=gives)
    sharing = g.pick("shared", "shared", "private") if how < 2 else "shared"
    made = _of(g, file, pages, sharing, g.pick("rw", "rw", "rw", "r"))
    if made is None:
        return False
    if how == 3:
        left = g.draw.between(1, pages)
        g.builder.add("remap_pfn_range", Ref(made.name, 0), frame, process=INITIAL, pages=left)
    elif how == 2:
        g.call("load", Ref(made.name, 0), process=INITIAL)
    return g.builder.add("follow_pfn", Ref(made.name, 0), process=INITIAL)


def _prepare(g: Hand, file: Ref, frame: Ref, pages: int, how: int) -> None:
    """What the device's ->mmap and ->fault do: 0 and 1 map all, 2 one at a time, 3 nothing."""
    kind = g.pick(None, None, symbols("WC"), symbols("WT"), symbols("NC"))
    if how == 0:
        call = "on_mmap_remap_pfn_range"
        g.builder.add(call, file, frame, process=INITIAL, pages=pages, type=kind)
    elif how == 1:
        call = "on_mmap_vm_iomap_memory"
        g.builder.add(call, file, frame, process=INITIAL, len=pages * PAGE, type=kind)
    elif how == 2:
        mixed = g.draw.chance(50)
        flags = symbols("MIXEDMAP") if mixed else g.pick(symbols("PFNMAP"), symbols("PFNMAP", "IO"))
        g.builder.add("on_mmap", file, process=INITIAL, vm_flags=flags)
        insert = symbols("vmf_insert_mixed" if mixed else "vmf_insert_pfn")
        g.builder.add("on_fault_insert", file, frame, process=INITIAL, call=insert)


@move(
    "access_process_vm", "follow_pfn", "get_user_pages", "zap_vma_ptes", theme="frames", weight=60
)
@move(
    "access_process_vm", "follow_pfn", "get_user_pages", "zap_vma_ptes", theme="driver", weight=40
)
@move("access_process_vm", "follow_pfn", "get_user_pages", theme="frames", weight=60)
@move("access_process_vm", "follow_pfn", "get_user_pages", theme="driver", weight=40)
def about_frames(g: Hand) -> bool:
    """What others make of a device's mapping."""
    process = g.actor()
    state = g.builder.state
    if process is None:
        return False
    place = g.page(process, lambda vma: state.device(vma.file) is not None)
    if place is None:
        return False
    how = g.draw.below(4)
    if how == 0:
        return g.builder.add("access_process_vm", Ref(process), place, process=process, n=8)
    if how == 1:
        data, flags = g.data(8), symbols("WRITE")
        return g.builder.add(
            "access_process_vm", Ref(process), place, process=process, data=data, gup_flags=flags
        )
    if how == 2:
        return g.builder.add("follow_pfn", place, process=process)
    return g.call("get_user_pages", place, process=process, nr=g.draw.between(1, 2))


@opening("hugetlb")
def pool(g: Hand) -> bool:
    """A huge page, of a child too, or pinned."""
    flags = symbols("private", "anon", "HUGETLB")
    prot = symbols(g.pick("rw", "rw", "r"))
    made = g.new("mmap", HUGE_PAGES, process=INITIAL, prot=prot, flags=flags)
    if made is None:
        return False
    g.call("store", Ref(made.name, 1), g.data(), process=INITIAL)
    if g.draw.chance(30):
        g.call("pin_user_pages", Ref(made.name, 0), process=INITIAL, nr=1)
    if g.draw.chance(40):
        g.builder.add("fork", process=INITIAL)
    return True


@opening("thp")
def leaf(g: Hand) -> bool:
    """A huge page, of a child too, or taken apart."""
    flags = symbols("private", "anon")
    pages = g.draw.pick((HUGE_PAGES, HUGE_PAGES, 2 * HUGE_PAGES))
    made = g.new("mmap", pages, process=INITIAL, prot=symbols("rw"), flags=flags, align=HUGE_PAGES)
    if made is None:
        return False
    g.call("madvise", made, process=INITIAL, advice=symbols("HUGEPAGE"))
    if g.draw.chance(15):
        g.call("load", Ref(made.name, 3), process=INITIAL)
    else:
        g.call("store", Ref(made.name, g.draw.below(HUGE_PAGES)), g.data(), process=INITIAL)
    if g.draw.chance(40):
        g.builder.add("fork", process=INITIAL)
    return True
