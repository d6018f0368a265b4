"""A user's kernel tree that builds in a moment: its makefile takes the real one's targets.

A file of mm/ is "compiled" by copying it; one that has the word `broken` in it does not compile.
What was made is told in a file beside the tree.
"""

from __future__ import annotations

from pathlib import Path

MAKEFILE = """
VERSION = @VERSION@
PATCHLEVEL = @PATCHLEVEL@
SUBLEVEL = 7
EXTRAVERSION = -mine

SOURCES := $(wildcard mm/*.c)
OBJECTS := $(patsubst mm/%.c,$(O)/%.o,$(SOURCES))
EVENTS := @EVENTS@

tinyconfig:
	@test ! -e .config -a ! -e include/config
	@echo tinyconfig >>$(EVENTS)
	@echo "# CONFIG_TINY is not set" >$(O)/.config

olddefconfig:
	@test ! -e .config -a ! -e include/config
	@mkdir -p $(O)/include/config $(O)/arch/arm64/boot
	@sed -i /@UNKNOWN@/d $(O)/.config
	@echo @VERSION@.@PATCHLEVEL@.7-mine >$(O)/include/config/kernel.release

$(O)/%.o: mm/%.c
	@echo "  CC      mm/$*.o"
	@! grep -q broken $< || { echo "$(CURDIR)/$<:1:2: error: this is broken" >&2; false; }
	@echo "$*" >>$(EVENTS)
	@cp $< $@

Image: $(OBJECTS)
	@cat $(OBJECTS) >$(O)/arch/arm64/boot/Image
	@cp $(O)/arch/arm64/boot/Image $(O)/vmlinux
	@echo map >$(O)/System.map

modules: Image

.PHONY: tinyconfig olddefconfig Image modules
"""


class FakeTree:
    """The tree, and what was made of it.

    Args:
        top: becomes the tree.
        line: its version line.
        lacks: a word: options that have it are unknown to this kernel.
    """

    def __init__(self, top: Path, line: str = "6.1", lacks: str = "no-such-option") -> None:
        self.top = top
        self.events = top.with_name(f"{top.name}.events")
        self.events.touch()
        version, patchlevel = line.split(".")
        text = MAKEFILE.replace("@EVENTS@", str(self.events)).replace("@UNKNOWN@", lacks)
        self.write(
            "Makefile", text.replace("@VERSION@", version).replace("@PATCHLEVEL@", patchlevel)
        )
        for name in ("memory", "gup", "mmap"):
            self.write(f"mm/{name}.c", f"/* {name} */\n")
        self.write("scripts/min-tool-version.sh", "case $1 in\ngcc)\n\techo 5.1.0\n\t;;\nesac\n")

    def write(self, name: str, text: str) -> None:
        """Writes a file of it."""
        path = self.top / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def made(self) -> list[str]:
        """What was made since this was asked last."""
        found = self.events.read_text().split()
        self.events.write_text("")
        return sorted(found)

    def listing(self) -> dict[str, tuple[int, int]]:
        """Everything in it, with its size and time."""
        return {
            str(path): (path.lstat().st_size, path.lstat().st_mtime_ns)
            for path in self.top.rglob("*")
        }
