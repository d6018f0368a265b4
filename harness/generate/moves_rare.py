"""Scenes that chance alone does not come to, each for a few branches of the model."""

from __future__ import annotations

from ..abi import HUGE_PAGES, SCRIPT_RUNS
from ..model.registry import V_HUGETLB, V_LOCKED, V_UFFD
from ..model.state import P_HUGE, Vma
from ..program import INITIAL, VSYSCALL, Ref
from ..signatures import BAR
from .hand import PAGE, Hand, symbols
from .moves import move


@move("kill", "peek", "put_page", theme="uffd", weight=30)
def about_a_sleeper(g: Hand) -> bool:
    """Somebody sleeps: it is killed, or its pages are asked for."""
    calls = [call for call in g.builder.state.calls.values() if call.expected is None]
    process = g.actor()
    if not calls or process is None:
        return False
    call = g.draw.pick(calls)
    names = [name for name, slot in g.builder.scope.held.items() if slot == call.op.slot]
    if names and g.draw.chance(50):
        return g.builder.add(g.pick("peek", "put_page"), Ref(names[0], 0), process=process)
    owners = g.builder.scope.processes.items()
    whose = call.op.process
    if call.page is not None and call.page[0] >= 0 and g.draw.chance(40):
        whose = call.page[0]  # it has the memory that the sleeper waits for
    sleeper = next(name for name, slot in owners if slot == whose)
    target = Ref(sleeper)
    if g.draw.chance(50):
        return g.builder.add("kill", target, process=process)
    place = g.byte(sleeper)
    return place is not None and g.builder.add("ptrace_peekdata", target, place, process=process)


@move("load", "get_user_pages", "vm_insert_page", theme="driver", weight=10)
def insert_zero(g: Hand) -> bool:
    """A driver inserts the zero page, or another that is not its own."""
    process = g.actor()
    if process is None:
        return False
    state = g.builder.state
    place = g.page(process, lambda vma: state.device(vma.file) is not None)
    made = g.new("mmap", 1, process=process, prot=symbols("rw"), flags=symbols("private", "anon"))
    if place is None or made is None:
        return False
    at = Ref(made.name, 0)
    if g.draw.chance(70):
        g.call("load", at, process=process)
    held = g.new("get_user_pages", at, process=process, nr=1)
    return held is not None and g.builder.add(
        "vm_insert_page", place, Ref(held.name, 0), process=process
    )


@move("mmap", theme="driver", weight=8)
@move("mmap", theme="secret", weight=8)
@move("mmap", theme="frames", weight=6)
def over_refused(g: Hand) -> bool:
    """MAP_FIXED of a file that may refuse to be mapped."""
    process = g.actor()
    file = g.file(process, "device", "memfd_secret") if process is not None else None
    at = g.index(process) if process is not None else None
    if process is None or file is None or at is None:
        return False
    if g.builder.made[file.name] == "device" and g.draw.chance(50):
        held = g.held()
        if held is not None:
            page = Ref(held, 0)
            g.builder.add("on_mmap_insert_page", file, page, process=process, at=g.pick(-1, 9))
    flags = symbols(g.pick("shared", "private"))
    place = g.builder.place(at)
    return g.builder.add(
        "mmap", 1, process=process, prot=symbols("rw"), flags=flags, file=file, at=place
    )


@move("mmap", "store", "get_user_pages_fast", "get_user_pages", theme="gup", weight=3)
def many(g: Hand) -> bool:
    """More pages than one call can have, and a walk to the end of a page table."""
    process = g.actor()
    if process is None or g.builder.pages > HUGE_PAGES:
        return False
    pages = g.draw.pick((300, 520, 600))
    flags = symbols("private", "anon", *(("POPULATE",) if g.draw.chance(40) else ()))
    made = g.new("mmap", pages, process=process, prot=symbols("rw"), flags=flags)
    if made is None:
        return False
    call = g.pick("get_user_pages", "get_user_pages_fast", "get_user_pages_fast")
    at = g.draw.pick((0, 1, pages - 200, pages - 1))
    return g.call(call, Ref(made.name, at), process=process, nr=g.draw.pick((0, 0, -1, 513, 600)))


@move("mmap", "munmap", "store", theme="stack", weight=10)
def far_below(g: Hand) -> bool:
    """A stack is asked to become larger than one may be."""
    process = g.actor()
    if process is None or g.builder.pages > HUGE_PAGES:
        return False
    flags = symbols("private", "anon", "GROWSDOWN")
    made = g.new("mmap", 2100, process=process, prot=symbols("rw"), flags=flags)
    if made is None:
        return False
    g.builder.add("munmap", Ref(made.name, 0), process=process, pages=2099)
    at = Ref(made.name, g.draw.pick((10, 60, 1000, 2090)))
    return g.call("store", at, g.data(), process=process)


@move("get_block", theme="mpage", weight=1)
def many_runs(g: Hand) -> bool:
    """As many answers as a script has room for, and one more."""
    process = g.actor()
    file = g.file(process, "scripted") if process is not None else None
    if process is None or file is None or g.builder.size > 20 or not g.draw.chance(30):
        return False
    for block in range(SCRIPT_RUNS + 1):
        if not g.builder.add("get_block", file, block, process=process, at=100 + block):
            return False
    return True


@move("madvise", "mprotect", "munmap", "mremap", "mlock", theme="thp", weight=120)
def apart(g: Hand) -> bool:
    """A huge page is treated as a whole, or a part of it."""
    process = g.actor()
    if process is None:
        return False
    ptes = g.builder.state.mms[g.slot(process)].ptes
    leaves = [index for index, pte in ptes.items() if pte.flags & P_HUGE]
    if not leaves:
        return False
    first = g.draw.pick(leaves)
    at, pages = first, HUGE_PAGES
    if g.draw.chance(60):
        at, pages = first + g.draw.below(HUGE_PAGES - 8), g.draw.pick((1, 2, 8, 100))
    place, pages = g.builder.place(at), min(pages, first + HUGE_PAGES - at)
    how = g.draw.below(10)
    if how < 6:
        among = ("FREE", "COLD", "DONTNEED", "PAGEOUT", "NOHUGEPAGE", "FREE", "COLD")
        advice = symbols(g.draw.pick(among))
        return g.call("madvise", place, process=process, advice=advice, pages=pages)
    if how < 7:
        return g.builder.add("mprotect", place, process=process, prot=symbols("r"), pages=pages)
    if how < 8:
        return g.builder.add("munmap", place, process=process, pages=pages)
    if how < 9:
        return g.call("mlock", place, process=process, pages=pages)
    there = g.page(process)
    return g.builder.add("mremap", place, pages, process=process, pages=pages, to=there)


@move("uffd_register", "get_user_pages", "get_user_pages_fast", theme="hugetlb", weight=60)
def about_huge(g: Hand) -> bool:
    """What is done with a huge page of hugetlb alone."""
    process = g.actor()
    place = g.page(process, _is_huge) if process is not None else None
    if process is None or place is None:
        return False
    if g.draw.chance(25):
        start = g.slot_first(place.name) + (place.index or 0) & -HUGE_PAGES
        span = g.builder.place(start)
        return g.builder.add("uffd_register", span, process=process, pages=HUGE_PAGES)
    names = [name for name in ("WRITE", "FORCE", "SPLIT_PMD") if g.draw.chance(40)]
    flags = symbols(*names) if names else None
    killed = symbols("SIGKILL") if process != INITIAL and g.draw.chance(20) else None
    call = g.pick("get_user_pages", "get_user_pages_fast", "pin_user_pages")
    return g.call(call, place, process=process, nr=1, gup_flags=flags, pending=killed)


def _is_huge(vma: Vma) -> bool:
    return bool(vma.flags & V_HUGETLB)


@move("wait_pid", theme="wait", weight=40)
def wait_for_child(g: Hand) -> bool:
    """A process asks for its own child, that ends before or behind."""
    parents = g.builder.state.parents
    slots = {slot: name for name, slot in g.builder.scope.processes.items()}
    able = g.builder.able()
    pairs = [(slots[child], slots[parent]) for child, parent in parents.items()]
    pairs = [(child, parent) for child, parent in pairs if parent in able]
    if not pairs:
        return False
    child, parent = g.draw.pick(pairs)
    if child in able and g.draw.chance(40):
        g.builder.add("exit", process=child)
    elif child in g.builder.alive() and g.draw.chance(40):
        g.builder.add("kill", Ref(child), process=parent)
    return g.call("wait_pid", Ref(child), process=parent)


@move("munmap", "mprotect", "madvise", "mremap", "store", theme="uffd", weight=60)
def under_watch(g: Hand) -> bool:
    """What becomes of memory that a userfaultfd is told of, and of its marks."""
    owners = [name for name in g.builder.able() if g.vmas(name, _is_watched)]
    if not owners:
        return False
    process = g.draw.pick(owners)
    index = g.index(process, _is_watched)
    assert index is not None
    place = g.builder.place(index)
    how = g.draw.below(8)
    if how < 2:
        prot = symbols(g.pick("r", "rw", "rw", "none"))
        return g.builder.add("mprotect", place, process=process, prot=prot, pages=1)
    if how < 3:
        return g.builder.add("munmap", place, process=process, pages=1)
    if how < 5:
        advice = symbols(g.pick("DONTNEED", "FREE", "COLD", "REMOVE", "PAGEOUT"))
        return g.call("madvise", place, process=process, advice=advice, pages=1)
    if how < 6:
        there = g.page(process)
        return g.builder.add("mremap", place, 1, process=process, pages=1, to=there)
    mode = symbols("WP") if g.draw.chance(50) else None
    target = Ref(process)
    return g.builder.add("uffd_writeprotect", target, place, process=process, pages=1, mode=mode)


def _is_watched(vma: Vma) -> bool:
    return bool(vma.flags & V_UFFD)


@move("msync", theme="lock", weight=10)
def sync_locked(g: Hand) -> bool:
    """Locked memory is to be invalidated, which it may not be."""
    process = g.actor()
    if process is None:
        return False
    place = g.page(process, lambda vma: bool(vma.flags & V_LOCKED))
    flags = symbols("INVALIDATE", *(("SYNC",) if g.draw.chance(50) else ()))
    return place is not None and g.builder.add(
        "msync", place, process=process, flags=flags, pages=1
    )


@move("get_user_pages", "access_process_vm", theme="kernel", weight=30)
def gate(g: Hand) -> bool:
    """The vsyscall page, with flags that mappings are asked for."""
    process = g.actor()
    if process is None:
        return False
    if g.draw.chance(30):
        return g.builder.add("access_process_vm", Ref(process), VSYSCALL, process=process, n=8)
    flags = symbols(g.pick("ANON", "FORCE", "SPLIT_PMD"))
    return g.call("get_user_pages", VSYSCALL, process=process, nr=1, gup_flags=flags, vmas=1)


@move("device", "on_mmap_remap_pfn_range", "mmap", "munmap", theme="frames", weight=25)
def two_types(g: Hand) -> bool:
    """Frames that are mapped twice, each time as another type of memory."""
    process = g.actor()
    file = g.new("device", process=process) if process is not None else None
    if process is None or file is None:
        return False
    first, pages = g.draw.below(6), g.draw.between(1, 3)
    flags, made = symbols("shared"), None
    for _ in range(2):
        at = Ref(BAR, first)
        kind = g.pick(None, symbols("WC"), symbols("WT"), symbols("NC"))
        g.builder.add("on_mmap", file, process=process)
        g.builder.add("on_mmap_remap_pfn_range", file, at, process=process, pages=pages, type=kind)
        made = g.new("mmap", pages, process=process, prot=symbols("rw"), flags=flags, file=file)
        first += g.draw.below(2)
    if made is not None and g.draw.chance(50):
        return g.builder.add("munmap", Ref(made.name, 0), process=process, pages=1)
    if made is not None and g.draw.chance(60):
        return g.builder.add("fork", process=process)
    return made is not None


@move("on_mmap_insert_page", theme="driver", weight=3)
def many_calls(g: Hand) -> bool:
    """One call more than a device can make from within ->mmap."""
    process = g.actor()
    file = g.file(process, "device") if process is not None else None
    held = g.held()
    if process is None or file is None or held is None:
        return False
    for _ in range(9):
        g.builder.add("on_mmap_insert_page", file, Ref(held, 0), process=process)
    return True


@move("madvise", "get_user_pages_remote", theme="swap", weight=30)
def not_waiting(g: Hand) -> bool:
    """A page that was swapped out is asked for by a call that does not wait."""
    process, target = g.actor(), g.target()
    where = g.byte(target.name)
    if process is None or where is None:
        return False
    flags = symbols(*(("WRITE",) if g.draw.chance(50) else ()), "NOWAIT")
    call = "get_user_pages_remote"
    return g.call(call, target, where, process=process, nr=1, gup_flags=flags, locked=1)


@move("open", "mmap", "get_user_pages_remote", theme="disk", weight=20)
def unread(g: Hand) -> bool:
    """A page that would have to be read first is asked for by a call that does not wait."""
    process = g.actor()
    if process is None:
        return False
    state = g.builder.state
    disks = {number for number, file in state.files.items() if file.disk is not None}
    place = g.page(process, lambda vma: vma.file in disks)
    if place is None:
        return False
    g.builder.add("drop_caches", process=process)
    flags = symbols("NOWAIT") if g.draw.chance(60) else None
    call = "get_user_pages_remote"
    return g.call(call, Ref(process), place, process=process, nr=2, gup_flags=flags, locked=1)


@move("pread", "get_block", theme="mpage", weight=30)
def read_across(g: Hand) -> bool:
    """Bytes of two pages are read, of which the second may fail."""
    process = g.actor()
    file = g.file(process, "scripted") if process is not None else None
    if process is None or file is None:
        return False
    page = g.draw.below(4)
    if g.draw.chance(50):
        at, bad = 300 + page, symbols("BAD")
        g.builder.add("get_block", file, page + 1, process=process, at=at, flags=bad)
    offset = page * PAGE + 4000
    return g.builder.add("pread", file, process=process, offset=offset, n=200)


@move("ftruncate", theme="secret", weight=6)
def grow_secret(g: Hand) -> bool:
    """Secret memory of no size gets one."""
    process = g.actor()
    file = g.new("memfd_secret", process=process, pages=0) if process is not None else None
    return (
        process is not None
        and file is not None
        and g.builder.add("ftruncate", file, process=process, pages=1)
    )


@move("uffd_copy", theme="uffd", weight=10)
def fill_ended(g: Hand) -> bool:
    """A page of a process that has ended is to be filled in."""
    process, alive = g.actor(), g.builder.alive()
    ended = [name for name in g.builder.scope.processes if name not in alive]
    if process is None or not ended or not g.builder.scope.mappings:
        return False
    target, place = Ref(g.draw.pick(ended)), Ref(g.builder.neighbour, 0)
    return g.builder.add("uffd_copy", target, place, g.data(), process=process)
