"""Moves on files, their caches and their disk."""

from __future__ import annotations

from ..program import Symbols, Value
from ..signatures import BLOCK, FALLOC
from .hand import PAGE, Hand, symbols
from .moves import move

_PLENTY = 3  # files of a kind at most, most of the time


def _size(g: Hand, most: int = 8) -> dict[str, Value | None]:
    """pages=, or size= in bytes."""
    if g.draw.chance(75):
        return {"pages": g.draw.between(0 if g.draw.chance(20) else 1, most)}
    return {"size": g.draw.between(0, most - 1) * PAGE + g.draw.pick((0, 1, 100, 2048, 4095))}


def _room(g: Hand, made: str) -> bool:
    """May there be one more file of that kind?"""
    return sum(1 for name in g.builder.scope.files if g.builder.made[name] == made) < _PLENTY


@move("memfd", theme="around", weight=20)
@move("memfd", theme="file", weight=40)
def memfd(g: Hand) -> bool:
    process = g.actor()
    return (
        process is not None
        and _room(g, "memfd")
        and g.builder.add("memfd", process=process, **_size(g))
    )


@move("memfd_secret", theme="secret", weight=40)
def secret(g: Hand) -> bool:
    process = g.actor()
    return (
        process is not None
        and _room(g, "memfd_secret")
        and g.builder.add("memfd_secret", process=process, **_size(g))
    )


@move("open", theme="disk", weight=40)
def on_disk(g: Hand) -> bool:
    process = g.actor()
    if process is None or not _room(g, "open"):
        return False
    flags = g.pick(None, None, None, 0, symbols("rdonly"))
    return g.builder.add("open", process=process, **_size(g), flags=flags)


@move("ftruncate", theme="around", weight=20)
@move("ftruncate", theme="file", weight=16)
@move("ftruncate", theme="disk", weight=16)
@move("ftruncate", theme="secret", weight=16)
def truncate(g: Hand) -> bool:
    process = g.actor()
    file = g.file(process) if process is not None else None
    if process is None or file is None:
        return False
    return g.builder.add("ftruncate", file, process=process, **_size(g))


@move("fallocate", theme="around", weight=20)
@move("fallocate", theme="file", weight=20)
@move("fallocate", theme="disk", weight=6)
@move("fallocate", theme="secret", weight=4)
def allocate(g: Hand) -> bool:
    process = g.actor()
    file = g.file(process) if process is not None else None
    if process is None or file is None:
        return False
    offset = g.draw.below(5) * PAGE + g.draw.pick((0, 0, 0, 1, 100, 4095))
    size = g.draw.below(4) * PAGE + g.draw.pick((0, 0, 0, 1, 100, 4095))
    mode: Value | None = g.flags(tuple(FALLOC), most=2, none=30)
    if g.draw.chance(50):
        mode = symbols("KEEP_SIZE", "PUNCH_HOLE")
    return g.builder.add("fallocate", file, process=process, offset=offset, n=size, mode=mode)


@move("pread", "pwrite", theme="around", weight=20)
@move("pread", "pwrite", theme="file", weight=40)
@move("pread", "pwrite", theme="disk", weight=50)
@move("pread", "pwrite", theme="secret", weight=4)
@move("pread", "pwrite", theme="mpage", weight=10)
def transfer(g: Hand) -> bool:
    process = g.actor()
    file = g.file(process) if process is not None else None
    if process is None or file is None:
        return False
    offset = g.draw.below(6) * PAGE + g.offset()
    if g.draw.chance(45):
        return g.builder.add("pread", file, process=process, offset=offset, n=g.length())
    return g.builder.add("pwrite", file, process=process, offset=offset, data=g.data())


@move("fsync", theme="disk", weight=20)
@move("fsync", theme="file", weight=3)
def fsync(g: Hand) -> bool:
    process = g.actor()
    file = g.file(process) if process is not None else None
    return (
        file is not None and process is not None and g.builder.add("fsync", file, process=process)
    )


@move("drop_caches", theme="disk", weight=10)
@move("drop_caches", theme="mpage", weight=10)
@move("drop_caches", theme="swap", weight=4)
def drop_caches(g: Hand) -> bool:
    process = g.actor()
    return process is not None and g.builder.add("drop_caches", process=process)


@move("fault_around", theme="file", weight=4)
@move("fault_around", theme="disk", weight=6)
@move("fault_around", theme="around", weight=30)
def around(g: Hand) -> bool:
    process = g.actor()
    if process is None:
        return False
    return g.builder.add(
        "fault_around", g.pick(0, 4096, 8192, 16384, 20000, 65536, 1 << 22), process=process
    )


# ---- files whose blocks the program says ---------------------------------------------


@move("scripted", theme="mpage", weight=60)
def scripted(g: Hand) -> bool:
    process = g.actor()
    if process is None or not _room(g, "scripted"):
        return False
    block = g.draw.pick((None, None, None, 4096, 512, 1024, 2048))
    flags = symbols("RW_PAGE") if g.draw.chance(20) else None
    return g.builder.add("scripted", process=process, **_size(g, most=24), block=block, flags=flags)


@move("get_block", theme="mpage", weight=140)
def get_block(g: Hand) -> bool:
    process = g.actor()
    file = g.file(process, "scripted") if process is not None else None
    if process is None or file is None:
        return False
    names = [name for name in BLOCK if g.draw.chance(12)]
    first = g.draw.below(8) * g.draw.pick((1, 1, 4, 8))
    at = None if "ERROR" in names else 100 + first + g.draw.pick((0, 0, 0, 7, 900))
    metadata = g.draw.pick((99, 112, 5000)) if g.draw.chance(15) else None
    return g.builder.add(
        "get_block",
        file,
        first,
        process=process,
        n=g.draw.pick((None, 1, 2, 4, 8, 16, 100)),
        at=at,
        flags=Symbols(tuple(names)) if names else None,
        metadata=metadata,
    )


@move("add_buffers", theme="mpage", weight=20)
def add_buffers(g: Hand) -> bool:
    process = g.actor()
    file = g.file(process, "scripted") if process is not None else None
    if process is None or file is None:
        return False
    return g.builder.add("add_buffers", file, g.draw.below(12), process=process)


@move("mpage_readahead", theme="mpage", weight=120)
@move("mpage_readahead", theme="disk", weight=6)
def readahead(g: Hand) -> bool:
    process = g.actor()
    file = g.file(process) if process is not None else None
    if process is None or file is None:
        return False
    nr = g.draw.pick((1, 2, 4, 8, 16, 30))
    take = g.draw.between(0, nr) if g.draw.chance(20) else None
    late = g.draw.between(0, nr) if g.draw.chance(20) else None
    page = g.draw.pick((0, 0, 0, 1, 2, 8))
    return g.builder.add("mpage_readahead", file, page, nr, process=process, take=take, late=late)


@move("bios", "get_blocks", theme="mpage", weight=60)
@move("bios", "get_blocks", theme="disk", weight=4)
def asked(g: Hand) -> bool:
    process = g.actor()
    file = g.file(process) if process is not None else None
    if process is None or file is None:
        return False
    return g.builder.add(g.draw.pick(("bios", "bios", "get_blocks")), file, process=process)
