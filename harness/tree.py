"""Where the parts of a checkout are that are not Python. Paths only; nothing is read here."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
IMAGES = ROOT / "images"
KMOD = ROOT / "kmod"
GUEST = ROOT / "guest"
UAPI = KMOD / "pagelab_uapi.h"
KCONFIG = IMAGES / "kconfig"
HOST_PACKAGES = IMAGES / "host-packages.txt"
KERNELS = IMAGES / "kernels.toml"
PROGRAMS = ROOT / "programs"
