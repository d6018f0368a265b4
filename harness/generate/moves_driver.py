"""Moves of the module as a driver: its pages, its files, frames, and taking entries away."""

from __future__ import annotations

from ..abi import Code
from ..model.registry import V_IO, V_PFNMAP
from ..model.state import Vma
from ..program import Ref, Symbols, Value
from ..signatures import ALLOC, ANSWER, BAR, FAULT, INSERTS, ON_MMAP, TYPE
from .hand import PAGE, Hand, symbols
from .moves import move

_KINDS = ("single", "single", "compound", "split", *ALLOC)
_SIZES = {"slab": (8,), "kmalloc": (4, 8, 16), "table": (1,), "guard": (1,), "offline": (1,)}


@move("alloc_pages", theme="driver", weight=60)
@move("alloc_pages", theme="frames", weight=50)
@move("alloc_pages", weight=2)
def alloc(g: Hand) -> bool:
    process = g.actor()
    if process is None:
        return False
    kind = g.draw.pick(_KINDS)
    pages = g.draw.pick(_SIZES.get(kind, (1, 2, 4, 4)))
    given = None if kind == "single" and g.draw.chance(50) else Symbols((kind,))
    return g.builder.add("alloc_pages", pages, process=process, kind=given)


@move("device", theme="driver", weight=50)
@move("device", theme="frames", weight=50)
def device(g: Hand) -> bool:
    """A device, and mostly at once what its ->mmap and ->fault do."""
    process = g.actor()
    if process is None or len(g.builder.scope.files) > 4:
        return False
    return g.builder.add("device", process=process)


def _device(g: Hand) -> tuple[str, Ref] | None:
    process = g.actor()
    file = g.file(process, "device") if process is not None else None
    return (process, file) if process is not None and file is not None else None


def _is_ours(g: Hand, name: str) -> bool:
    return g.builder.scope.held[name] in g.builder.state.allocated


def _set(g: Hand) -> str | None:
    """A held set, mostly one that the module allocated."""
    return g.held(lambda name: _is_ours(g, name))


def _page(g: Hand) -> Ref | None:
    """One held page, mostly one that the module allocated."""
    name = _set(g) if not g.amiss() else g.held()
    return Ref(name, g.held_index(name)) if name is not None else None


@move("on_mmap", theme="driver", weight=30)
@move("on_mmap", theme="frames", weight=50)
def on_mmap(g: Hand) -> bool:
    found = _device(g)
    if found is None:
        return False
    among: tuple[Value | None, ...] = (
        None,
        symbols("MIXEDMAP"),
        symbols("MIXEDMAP"),
        symbols("PFNMAP"),
        symbols("PFNMAP", "IO"),
        g.flags(tuple(ON_MMAP), most=3, none=10),
    )
    return g.builder.add("on_mmap", found[1], process=found[0], vm_flags=g.draw.pick(among))


@move("on_mmap_insert_page", theme="driver", weight=25)
def on_mmap_insert(g: Hand) -> bool:
    found, page = _device(g), _page(g)
    if found is None or page is None:
        return False
    at = g.draw.pick((None, 0, 1, 2, -1) if g.amiss() else (None, 0, 1))
    return g.builder.add("on_mmap_insert_page", found[1], page, process=found[0], at=at)


@move("on_fault", theme="driver", weight=50)
def on_fault(g: Hand) -> bool:
    found = _device(g)
    if found is None:
        return False
    if g.draw.chance(25):
        gives = Symbols((g.draw.pick(tuple(FAULT)),))
        return g.builder.add("on_fault", found[1], process=found[0], gives=gives)
    pages = _set(g)
    meanwhile = _set(g) if g.draw.chance(12) else None
    if pages is None:
        return False
    other = Ref(meanwhile) if meanwhile is not None else None
    return g.builder.add("on_fault", found[1], process=found[0], pages=Ref(pages), meanwhile=other)


@move("on_access", theme="driver", weight=15)
@move("on_access", theme="frames", weight=15)
def on_access(g: Hand) -> bool:
    found = _device(g)
    if found is None:
        return False
    pages = _set(g)
    if pages is None or g.draw.chance(50):
        gives = Symbols((g.draw.pick(tuple(ANSWER)),))
        return g.builder.add("on_access", found[1], process=found[0], gives=gives)
    return g.builder.add("on_access", found[1], process=found[0], pages=Ref(pages))


def _mapped(g: Hand, process: str) -> Ref | None:
    """A page of a device's mapping, most of the time."""
    state = g.builder.state
    return g.page(process, lambda vma: state.device(vma.file) is not None)


@move("vm_insert_page", theme="driver", weight=60)
def insert_page(g: Hand) -> bool:
    process = g.actor()
    place = _mapped(g, process) if process is not None else None
    page = _page(g)
    if process is None or place is None or page is None:
        return False
    at = _mapped(g, process) if g.draw.chance(20) else None
    return g.builder.add("vm_insert_page", place, page, process=process, at=at)


# ---- frames --------------------------------------------------------------------------


def _frame(g: Hand, offset: bool = False) -> Value:
    """A held page's frame, one of the device memory, or a number."""
    how = g.draw.below(20)
    page = _page(g) if how < 10 else None
    if page is not None:
        return page
    if how < 17:
        index = g.draw.below(18 if g.amiss() else 12)
        return Ref(BAR, index, g.draw.pick((0, 0, 0x800)) if offset else 0)
    return g.draw.pick((0xF0, 0xF0, 0xF4, 0xFF, 0x100, 5))


def _type(g: Hand) -> Value | None:
    if g.draw.chance(60):
        return None
    return Symbols(g.draw.some(tuple(TYPE), 1))


def _bytes(g: Hand) -> dict[str, Value | None]:
    """pages=, or size= in bytes."""
    if g.draw.chance(80):
        return {"pages": g.draw.pick((1, 1, 1, 2, 2, 3, 4))}
    return {"size": g.draw.pick((0, 1, 100, PAGE, PAGE + 1, 2 * PAGE))}


@move("remap_pfn_range", theme="frames", weight=60)
def remap_frames(g: Hand) -> bool:
    process = g.actor()
    place = _mapped(g, process) if process is not None else None
    if process is None or place is None:
        return False
    vma = _mapped(g, process) if g.draw.chance(8) else None
    return g.builder.add(
        "remap_pfn_range", place, _frame(g), process=process, **_bytes(g), type=_type(g), vma=vma
    )


@move("on_mmap_remap_pfn_range", theme="frames", weight=40)
def on_mmap_remap(g: Hand) -> bool:
    found = _device(g)
    if found is None:
        return False
    at = g.draw.pick((None, None, 0, 1))
    return g.builder.add(
        "on_mmap_remap_pfn_range",
        found[1],
        _frame(g),
        process=found[0],
        **_bytes(g),
        at=at,
        type=_type(g),
    )


def _length(g: Hand) -> int:
    return g.draw.pick((PAGE, 2 * PAGE, 4 * PAGE, 0x8000, 100, 0, -1, -PAGE))


@move("vm_iomap_memory", "on_mmap_vm_iomap_memory", theme="frames", weight=40)
def iomap(g: Hand) -> bool:
    length, frame = _length(g), _frame(g, offset=True)
    if g.draw.chance(40):
        found = _device(g)
        return found is not None and g.builder.add(
            "on_mmap_vm_iomap_memory",
            found[1],
            frame,
            process=found[0],
            len=length,
            type=_type(g),
        )
    process = g.actor()
    place = _mapped(g, process) if process is not None else None
    if process is None or place is None:
        return False
    return g.builder.add(
        "vm_iomap_memory", place, frame, process=process, len=length, type=_type(g)
    )


@move(*INSERTS, theme="frames", weight=60)
def insert_frame(g: Hand) -> bool:
    process = g.actor()
    place = _mapped(g, process) if process is not None else None
    if process is None or place is None:
        return False
    call = g.draw.pick(tuple(INSERTS))
    named: dict[str, Value | None] = {}
    if INSERTS[call] == Code.VMF_INSERT_PFN_PROT:
        named["type"] = _type(g)
    if g.draw.chance(10):
        named["vma"] = _mapped(g, process)
    return g.builder.add(call, place, _frame(g), process=process, **named)


@move("on_fault_insert", theme="frames", weight=40)
def on_fault_insert(g: Hand) -> bool:
    found = _device(g)
    if found is None:
        return False
    call = g.draw.pick(tuple(INSERTS))
    kind = _type(g) if INSERTS[call] == Code.VMF_INSERT_PFN_PROT else None
    return g.builder.add(
        "on_fault_insert", found[1], _frame(g), process=found[0], call=Symbols((call,)), type=kind
    )


def _is_frames(vma: Vma) -> bool:
    return bool(vma.flags & (V_PFNMAP | V_IO))


@move("follow_pfn", theme="frames", weight=40)
@move("follow_pfn", weight=2)
def follow(g: Hand) -> bool:
    process = g.actor()
    place = g.page(process, None if g.amiss() else _is_frames) if process is not None else None
    if process is None or place is None:
        return False
    vma = g.page(process) if g.draw.chance(10) else None
    return g.builder.add("follow_pfn", place, process=process, vma=vma)


# ---- taking entries away ----------------------------------------------------------------


@move("zap_page_range", "zap_page_range_single", "zap_vma_ptes", theme="zap", weight=80)
@move("zap_page_range", "zap_page_range_single", "zap_vma_ptes", theme="frames", weight=15)
@move("zap_page_range", "zap_page_range_single", "zap_vma_ptes", weight=4)
def zap(g: Hand) -> bool:
    process = g.actor()
    span = g.span(process) if process is not None else None
    if process is None or span is None:
        return False
    call = g.draw.pick(("zap_page_range", "zap_page_range_single", "zap_vma_ptes"))
    named: dict[str, Value | None] = {"pages": span[1]}
    if call == "zap_vma_ptes" and span[1] is None:
        named = {"pages": g.count(4)}
    elif g.draw.chance(8):
        named = {"size": g.draw.pick((0, 100, PAGE, 2 * PAGE))}
    if g.draw.chance(10):
        named["vma"] = g.page(process)
    return g.builder.add(call, span[0], process=process, **named)


@move("unmap_mapping_range", theme="zap", weight=40)
@move("unmap_mapping_range", theme="file", weight=12)
@move("unmap_mapping_range", theme="driver", weight=12)
@move("unmap_mapping_range", theme="disk", weight=8)
def unmap_mapping(g: Hand) -> bool:
    process = g.actor()
    file = g.file(process) if process is not None else None
    if process is None or file is None:
        return False
    begin = g.draw.below(4) * PAGE + g.draw.pick((0, 0, 0, 1, 100, 4095))
    length = g.draw.below(4) * PAGE + g.draw.pick((0, 0, 0, 1, 100, 4095))
    if g.draw.chance(g.wrong // 2):
        begin, length = g.draw.pick(((-1, 1), (0, -1), (1 << 62, 4096), (-4096, 0)))
    return g.builder.add(
        "unmap_mapping_range",
        file,
        process=process,
        holebegin=begin,
        holelen=length,
        even_cows=g.draw.below(2),
    )
