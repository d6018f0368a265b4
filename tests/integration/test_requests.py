"""Random requests, well-formed and malformed: the kernel may warn of flags, and of nothing else.

Programs go to the agent, which has every operation of them made; raw requests go to the
module itself, as guest/requests.c makes them. PAGELAB_REQUESTS says how many each guest
is sent (100000 for the whole of it). The module warns where a page is still held when its
descriptor has been closed.
"""

from __future__ import annotations

import os
import random
import re
from dataclasses import replace
from pathlib import Path

import pytest

from harness import abi, cpio, guest, klog, trace, vm
from harness.abi import Alloc, Answer, Code, Fault
from harness.build import Built
from harness.program import ARENA_START, VDSO, VSYSCALL, VVAR, Compiled
from harness.qemu_cmd import Machine

from .compiled import compile_guest

pytestmark = pytest.mark.qemu

GIVEN = os.environ.get("PAGELAB_REQUESTS")
COUNT = int(GIVEN or "3000")  # of operations of programs
RAW = int(GIVEN or "20000")  # of requests to the module itself
MODULE_CODES = range(32, 128)  # kmod/pagelab_uapi.h
RAW_SECONDS = 60.0 + RAW / 100
LENGTH = 100  # operations of one program
PAGES = 12  # of the arena
SEED = 6
# What 6.1 is known to warn of: flags that a call does not take, frames for inside a page,
# RAM that is to be mapped as device memory.
KNOWN_WARNINGS = (
    *("mm/gup.c:", "mm/memory.c:"),
    *("arch/x86/mm/ioremap.c:", "arch/arm64/mm/ioremap.c:"),
)
GETS = sorted(abi.GETS)
HELD = (
    Code.PUT_PAGE,
    Code.UNPIN_USER_PAGE,
    Code.SET_PAGE_DIRTY,
    Code.SET_PAGE_DIRTY_LOCK,
    Code.PEEK,
    Code.POKE,
)
ZAPS = (Code.ZAP_PAGE_RANGE, Code.ZAP_PAGE_RANGE_SINGLE)
DRIVER = (
    Code.ON_MMAP,
    Code.ON_MMAP_INSERT_PAGE,
    Code.ON_FAULT,
    Code.ON_ACCESS,
    Code.VM_INSERT_PAGE,
    Code.VM_INSERT_PAGE,
)
FRAMES = (
    Code.REMAP_PFN_RANGE,
    Code.VM_IOMAP_MEMORY,
    Code.VMF_INSERT_PFN,
    Code.VMF_INSERT_MIXED,
    Code.FOLLOW_PFN,
    Code.ZAP_VMA_PTES,
    Code.ON_MMAP_REMAP_PFN_RANGE,
    Code.ON_MMAP_VM_IOMAP_MEMORY,
    Code.ON_FAULT_INSERT,
)
AHEAD = (
    Code.GET_BLOCK,
    Code.GET_BLOCK,
    Code.ADD_BUFFERS,
    Code.MPAGE_READAHEAD,
    Code.MPAGE_READAHEAD,
    Code.BIOS,
    Code.GET_BLOCKS,
)
HOLES = (0, 1, 100, 4096, 4097, 8192, -1, -4096, (1 << 63) - 1, -(1 << 63))
COUNTS = (0, 1, 1, 2, 3, 8, 512, 513, -1, -(1 << 31), (1 << 31) - 1)
WILD = (0, -4096, VDSO, VVAR, VSYSCALL, 1 << 48, 0xFFFFFFFF81000000, 0x20_0000_0000)


class _Maker:
    """Makes programs' operations, by a seed."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def place(self) -> int:
        if self.random.random() < 0.15:
            return self.random.choice(WILD) & 0xFFFFFFFFFFFFFFFF
        page = self.random.randrange(-1, PAGES + 1)
        return ARENA_START + page * 4096 + self.random.choice((0, 0, 0, 100))

    def flags(self) -> int:
        wanted = self.random.choice((0, 1, 1, 3, self.random.randrange(1024)))
        return int(wanted)

    def get(self, process: int, slot: int) -> abi.Op:
        code = self.random.choice(GETS)
        options = 1 if self.random.random() < 0.2 else 0
        if code in (Code.GET_USER_PAGES, Code.GET_USER_PAGES_REMOTE, Code.PIN_USER_PAGES):
            options |= self.random.choice((0, 0, 2))
        if code is Code.GET_USER_PAGES_REMOTE:
            options |= self.random.choice((0, 4))
        return abi.Op(
            code,
            process,
            addr=self.place(),
            n=self.random.choice(COUNTS),
            flags=self.flags(),
            aux=options,
            slot=slot,
            index=self.random.randrange(abi.PROCESSES_MAX),
        )

    def held(self, process: int, slots: int) -> abi.Op:
        code = self.random.choice(HELD)
        index = self.random.choice((abi.WHOLE, 0, 1, 2, 600))
        if code in (Code.PEEK, Code.POKE):
            index = self.random.randrange(4)
        data = b"poke" if code is Code.POKE else b""
        n = 4 if code is Code.PEEK else 0
        slot = self.random.randrange(slots)
        return abi.Op(code, process, n=n, slot=slot, index=index, aux=8, data=data)

    def access(self, process: int) -> abi.Op:
        write = self.random.random() < 0.5
        return abi.Op(
            Code.ACCESS_PROCESS_VM,
            process,
            addr=self.place(),
            n=self.random.choice((*COUNTS, abi.ACCESS_MAX, abi.ACCESS_MAX + 1)),
            flags=int(write) | self.random.choice((0, abi.Foll.FORCE)),
            index=self.random.randrange(abi.PROCESSES_MAX),
            data=b"access" if write else b"",
        )

    def memory(self, process: int) -> abi.Op:
        first = self.random.randrange(PAGES)
        addr, size = ARENA_START + first * 4096, self.random.randrange(1, 4) * 4096
        code = self.random.choice((Code.MMAP, Code.MUNMAP, Code.MPROTECT, Code.STORE, Code.LOAD))
        prot = self.random.choice((0, 1, 3, 3, 7))
        if code is Code.STORE:
            return abi.Op(code, process, addr=addr, data=b"store")
        if code is Code.LOAD:
            return abi.Op(code, process, addr=addr, n=8)
        flags = self.random.choice((2, 2, 3, 0, 1, 34)) if code is Code.MMAP else 0
        file = self.random.randrange(3) if code is Code.MMAP and flags < 2 else -1
        return abi.Op(code, process, addr=addr, n=size, prot=prot, flags=flags, file=file)

    def zap(self, process: int) -> abi.Op:
        if self.random.random() < 0.4:
            begin = self.random.choice(HOLES) & 0xFFFFFFFFFFFFFFFF
            length, cows = self.random.choice(HOLES), self.random.randrange(2)
            code = Code.UNMAP_MAPPING_RANGE
            return abi.Op(code, process, aux=begin, n=length, index=0, flags=cows)
        first = self.random.randrange(PAGES)
        size = self.random.randrange(PAGES - first + 1) * 4096
        offset, cut = self.random.choice((0, 0, 0, 100)), self.random.choice((0, 0, 0, 200))
        addr = ARENA_START + first * 4096 + offset
        code = self.random.choice(ZAPS)
        vma = self.random.choice((addr, addr, self.place()))
        return abi.Op(code, process, addr=addr, n=max(size - offset - cut, 0), aux=vma)

    def alloc(self, process: int, slot: int) -> abi.Op:
        kind = self.random.choice(list(Alloc))
        pages = abi.SLAB_PAGES if kind is Alloc.SLAB else self.random.choice((4, 8, 16))
        if kind >= Alloc.TABLE:
            pages = 1
        return abi.Op(Code.ALLOC_PAGES, process, n=pages, flags=kind, slot=slot)

    def driver(self, process: int, slots: int) -> abi.Op:
        code = self.random.choice(DRIVER)
        slot, index = self.random.randrange(slots), self.random.choice((0, 0, 1, 2, 600))
        file = self.random.choice((1, 1, 1, 0))
        if code is Code.VM_INSERT_PAGE:
            place = self.place()
            at = self.random.choice((place, place, self.place()))
            return abi.Op(code, process, addr=at, aux=place, slot=slot, index=index)
        if code is Code.ON_MMAP:
            flags = self.random.choice((0, 0, 0x400, 0x400, 0x200, 0x800, 0x6C00))
            return abi.Op(code, process, file=file, flags=flags)
        if code is Code.ON_ACCESS:
            answer = self.random.choice(list(Answer))
            return abi.Op(code, process, file=file, slot=slot, flags=answer)
        if code is Code.ON_MMAP_INSERT_PAGE:
            at = self.random.choice((0, 0, 1, 2, PAGES, -1, (1 << 63) - 1))
            return abi.Op(code, process, file=file, slot=slot, index=index, n=at)
        fault = self.random.choice((Fault.PAGE, Fault.PAGE, *Fault))
        other = self.random.choice((abi.WHOLE, abi.WHOLE, self.random.randrange(slots)))
        return abi.Op(code, process, file=file, slot=slot, index=other, flags=fault)

    def frames(self, process: int, slots: int) -> abi.Op:
        code = self.random.choice(FRAMES)
        slot = self.random.choice((abi.SLOT_BAR, abi.SLOT_BAR, self.random.randrange(slots)))
        index, size = self.random.choice((0, 0, 1, 15, 16)), self.random.choice((0, 1, 4096, 8192))
        if code in (Code.FOLLOW_PFN, Code.ZAP_VMA_PTES):
            slot = 0
        place = ARENA_START + self.random.randrange(PAGES) * 4096 + self.random.choice((0, 0, 100))
        file, aux = -1, self.random.choice((place, self.place()))
        if code >= Code.ON_MMAP_REMAP_PFN_RANGE:
            file, aux, place = 1, 0, 0
        if code is Code.ON_FAULT_INSERT:
            aux = self.random.choice((Code.VMF_INSERT_PFN, Code.VMF_INSERT_MIXED))
        if code is Code.VM_IOMAP_MEMORY:
            place = self.random.choice((0, 100))
        return abi.Op(code, process, addr=place, n=size, slot=slot, index=index, aux=aux, file=file)

    def ahead(self, process: int) -> abi.Op:
        """Of the memfd, the device and, mostly, a scripted file with blocks of 1024 bytes."""
        code = self.random.choice(AHEAD)
        file = self.random.choice((0, 1, 2, 2, 2, 2))
        first, count = self.random.randrange(PAGES), self.random.choice((1, 2, 5, 16))
        op = abi.Op(code, process, file=file)
        if code is Code.ADD_BUFFERS:
            return replace(op, addr=first)
        if code is Code.MPAGE_READAHEAD:
            take = self.random.choice((abi.WHOLE, abi.WHOLE, 0, 1, 2))
            return replace(op, addr=first, n=count, aux=self.random.randrange(count), index=take)
        if code is Code.GET_BLOCK:
            at, metadata = (
                self.random.choice((0, 100, 104, 108)),
                self.random.choice((abi.WHOLE, 9)),
            )
            flags = self.random.choice((0, 0, 0, self.random.randrange(16)))
            return replace(op, addr=4 * first, n=count, aux=at, index=metadata, flags=flags)
        return op

    def program(self) -> tuple[abi.Op, ...]:
        ops = [
            abi.Op(Code.MMAP, addr=ARENA_START, n=PAGES * 4096, prot=3, flags=2),
            abi.Op(Code.MEMFD, slot=0, n=PAGES * 4096),
            abi.Op(Code.DEVICE, slot=1),
            abi.Op(Code.SCRIPTED, slot=2, n=PAGES * 4096 - 100, aux=1024),
        ]
        slots, processes = 0, 1
        while len(ops) < LENGTH:
            process = self.random.randrange(processes)
            dice = self.random.random()
            if dice < 0.4 and slots < abi.HELD_MAX:
                ops.append(self.get(process, slots))
                slots += 1
            elif dice < 0.5 and slots < abi.HELD_MAX:
                ops.append(self.alloc(process, slots))
                slots += 1
            elif dice < 0.6 and slots:
                make = self.random.choice((self.driver, self.frames))
                ops.append(make(process, slots))
            elif dice < 0.7 and slots:
                ops.append(self.held(process, slots))
            elif dice < 0.72 and processes < 4:
                ops.append(abi.Op(Code.FORK, process, slot=processes))
                processes += 1
            elif dice < 0.8:
                ops.append(self.zap(process))
            elif dice < 0.83:
                ops.append(self.access(process))
            elif dice < 0.88:
                ops.append(self.ahead(process))
            else:
                ops.append(self.memory(process))
        return tuple(ops)


def _request(folder: Path, number: int, ops: tuple[abi.Op, ...]) -> guest.Request:
    compiled = Compiled(ops, PAGES, (8,), {}, {"main": 0}, {}, {}, {}, (), ())
    return guest.Request(f"{number}.mm", "", compiled, folder / f"{number}.trace")


def _run(built: Built, folder: Path, requests: list[guest.Request]) -> tuple[int, list[str]]:
    """Run programs on a guest of their own: operations done, verdicts of what was refused."""
    done, refused = 0, []
    booted = guest.boot(built, console_log=folder / "console.log")
    try:
        for result in booted.run(requests):
            where = result.request.trace
            assert where is not None
            seen = trace.decode(where.read_bytes(), str(where))
            done += len(seen.outcomes)
            if result.ending.verdict:
                refused.append(result.ending.verdict)
            log = b"".join([*(outcome.log for outcome in seen.outcomes), seen.last_log])
            for fault in klog.faults(record.text for record in klog.records(log)):
                assert fault.where.startswith(KNOWN_WARNINGS), fault
    finally:
        booted.close()
    return done, refused


def test_random_requests_do_no_harm(built: Built, tmp_path: Path) -> None:
    maker = _Maker(SEED)
    numbers = range(max(COUNT // LENGTH, 1))
    requests = [_request(tmp_path, number, maker.program()) for number in numbers]
    done, refused = _run(built, tmp_path, requests)
    assert refused == []
    assert done == len(requests) * LENGTH


@pytest.fixture(scope="module")
def raw(built: Built, tmp_path_factory: pytest.TempPathFactory) -> Built:
    """The build with requests.c in place of init."""
    folder = tmp_path_factory.mktemp("requests")
    image = folder / "initramfs"
    image.write_bytes(
        cpio.write(
            (
                cpio.character_device("dev/console", 5, 1),
                cpio.file("init", compile_guest(built.arch, "requests.c", folder), 0o755),
                cpio.file("pagelab.ko", built.module.read_bytes(), 0o644),
            )
        )
    )
    return replace(built, initramfs=image)


def _said(machine: Machine, log: Path) -> str:
    """What a guest says on its console, to its end."""
    running = vm.start(machine, log)
    said = b""
    try:
        running.console.settimeout(RAW_SECONDS)
        while data := running.console.recv(1 << 16):
            said += data
    finally:
        running.close()
    return said.decode("latin-1").replace("\r", "")


def test_raw_requests_do_no_harm(raw: Built, tmp_path: Path) -> None:
    """Every call that there is, each member of it what it may be or what it cannot be."""
    codes = [str(int(code)) for code in Code if code in MODULE_CODES]
    words = {"requests": RAW, "seed": SEED, "codes": ",".join(codes)}
    arguments = tuple(f"pagelab.{name}={value}" for name, value in words.items())
    said = _said(guest.machine_of(raw, boot_args=arguments), tmp_path / "console.log")
    for fault in klog.faults(said.splitlines()):
        assert fault.where.startswith(KNOWN_WARNINGS), (fault, said[-2000:])
    never = [Code(int(code)).name for code in re.findall(r"^never: (\d+)$", said, re.M)]
    found = {name: int(value) for name, value in re.findall(r"^(\w+): (-?\d+)$", said, re.M)}
    assert found.get("done") == 0, said[-2000:]
    assert found["requests"] == RAW
    well_formed = found["made"] + found["refused"]
    print(f"{raw.arch.name}: {found}")
    assert never == [], "no request for it was well-formed"
    assert well_formed > RAW / 4
    assert found["made"] > RAW / 8
    assert found["malformed"] > RAW / 4
