"""A kernel that builds in a moment: a makefile that takes the targets of the real one.

Each of its objects takes a while and tells when it begins and ends, so that a test can say how
many were made at once, and which were made twice.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from harness import kbuild, sources
from harness.arch import ARM64
from harness.configuration import PLAIN, Configuration
from harness.kbuild import KernelBuild
from harness.toolchain import Toolchain

if TYPE_CHECKING:
    from harness.cache import Cache
    from harness.progress import Progress

OBJECTS = 12
# A name in the file BREAKS fails; "hang" in it sleeps.
MAKEFILE = """
TOP := @TOP@
OBJECTS := $(patsubst %,$(O)/%.o,@NAMES@)

tinyconfig:
	@mkdir -p $(O)/include/config $(O)/arch/arm64/boot
	@touch $(O)/.config
	@echo 6.1.999 >$(O)/include/config/kernel.release
	@echo "  HOSTCC  conf"
	@echo configured $(O) >>$(TOP)/events

olddefconfig: ;

$(OBJECTS):
	@echo "begin $@" >>$(TOP)/events
	@echo "  CC      $(notdir $@)"
	@! grep -qx "fail $(notdir $@)" $(TOP)/breaks
	@! grep -qx "hang $(notdir $@)" $(TOP)/breaks || sleep 600
	@sleep 0.1
	@echo "end $@" >>$(TOP)/events
	@touch $@

Image: $(OBJECTS)
	@echo "  LD      vmlinux"
	@echo image >$(O)/arch/arm64/boot/Image
	@echo map >$(O)/System.map

modules: Image
"""


class FakeKernel:
    """Its folder, and what happened in its builds.

    Args:
        top: a folder of its own.
    """

    def __init__(self, top: Path) -> None:
        self.top = top
        top.mkdir(exist_ok=True)
        (top / "events").touch()
        (top / "breaks").touch()
        self.archive = top / "linux-source.deb"
        self.archive.touch()

    def source(self, line: str = "6.1") -> sources.Source:
        """A source of that line."""
        kernel = sources.known()[line]
        return sources.Source(kernel, f"{line}.999", f"{line}.999-1", line * 16, self.archive)

    def unpack(
        self, _source: sources.Source, folder: Path, scratch: Path, progress: Progress
    ) -> None:
        """What sources.unpack does, for it."""
        progress.step("unpacking a fake")
        names = " ".join(f"o{number}" for number in range(OBJECTS))
        text = MAKEFILE.replace("@TOP@", str(self.top)).replace("@NAMES@", names)
        folder.mkdir()
        scratch.mkdir()
        (folder / "Makefile").write_text(text)
        with (self.top / "events").open("a") as events:
            events.write("unpacked\n")

    def build(
        self,
        cache: Cache,
        progress: Progress,
        line: str = "6.1",
        config: Configuration = PLAIN,
    ) -> KernelBuild:
        """Builds it for arm64, whose image needs no tool."""
        tools = Toolchain("", "cc", "a compiler")
        return kbuild.build(self.source(line), ARM64, config, tools, cache=cache, progress=progress)

    def breaks(self, *orders: str) -> None:
        """Breaks what is told from now on, "fail o3.o" or "hang o3.o", and nothing else."""
        (self.top / "breaks").write_text("".join(f"{order}\n" for order in orders))

    def events(self) -> list[str]:
        """What happened, in order."""
        return (self.top / "events").read_text().splitlines()

    def made(self) -> list[str]:
        """Every object that was made whole, as often as it was."""
        return [event.split()[1] for event in self.events() if event.startswith("end ")]

    def at_once(self) -> int:
        """The most objects that were under way together."""
        running: set[str] = set()
        most = 0
        for event in self.events():
            match = re.match(r"(begin|end) (.*)", event)
            if match:
                (running.add if match[1] == "begin" else running.discard)(match[2])
                most = max(most, len(running))
        return most
