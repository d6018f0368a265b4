"""What a command would have to build, known before it begins: what is missing, and its room."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass

from . import kbuild, kept, own, sources, toolchain
from .arch import Arch
from .cache import Cache
from .configuration import Configuration
from .errors import PagelabError


@dataclass(frozen=True, slots=True)
class Order:
    """One kernel to build."""

    kernel: str
    arch: Arch
    config: Configuration

    @property
    def label(self) -> str:
        """What progress calls it."""
        also = [self.config.name] if self.config.parts else []
        return " ".join([self.kernel, self.arch.name, *also])


def missing(orders: Sequence[Order], cache: Cache) -> dict[Order, int]:
    """Those whose kernel has to be compiled, with the steps that make will need for it, about."""
    found = {}
    for order in orders:
        try:
            kernel, _ = sources.named(order.kernel)
            source = sources.cached(order.kernel, cache)
            if source is not None:
                limits = own.limits(source, order.arch)
                tools = toolchain.choose(order.arch, kernel.compilers, cache, limits)
                key = kbuild.key_of(source, order.arch, order.config, tools)
                if cache.find(kbuild.KIND, key):
                    continue
        except PagelabError:
            continue  # its build will say so
        found[order] = kbuild.lines_of(kernel.line, order.arch, order.config.name, cache)
    return found


def check_room(orders: Sequence[Order], cache: Cache) -> None:
    """Says before anything is begun that the disk is too small for all of it.

    Raises:
        HarnessError: it is; with the size that is needed.
    """
    wanted = missing(orders, cache)
    if not wanted:
        return
    at_once = min(len(os.sched_getaffinity(0)), len(wanted))
    fetched = {order.kernel: sources.cached(order.kernel, cache) for order in wanted}
    needs = (
        sum(sources.ARCHIVE_ROOM for source in fetched.values() if source is None)
        + min(at_once, len(fetched)) * kbuild.TREE_ROOM
        + at_once * kbuild.OBJECTS_ROOM
        + len(wanted) * kbuild.ENTRY_ROOM
    )
    left = sum(one.size for one in kept.folders(cache) if kbuild.is_unfinished(one.name))
    what = f"building {len(wanted)} kernels" if len(wanted) > 1 else "building a kernel"
    cache.check_room(what, needs - left)
