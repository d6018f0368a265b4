"""QEMU's arguments, as they were when somebody last looked at them."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from harness.accel import counter_of
from harness.arch import ARM64, X86_64
from harness.qemu_cmd import Machine, argv, cpu_model, forwarded_port, kernel_parameters

GOLDEN = Path(__file__).resolve().parents[1] / "testdata" / "qemu_cmd.json"

X86 = Machine(
    arch=X86_64,
    kernel="/cache/vmlinux",
    initrd="/cache/initramfs",
    disk="/cache/ext2.img",
    qmp_fd=5,
    console_fd=6,
    port_fd=7,
)
ARM = replace(X86, arch=ARM64, kernel="/cache/Image")

MACHINES = {
    "x86_64": X86,
    "x86_64-serial": replace(X86, channel="serial", port_fd=-1),
    "x86_64-ssh": replace(X86, channel="ssh", initrd="/proc/self/fd/9", port_fd=-1),
    "x86_64-kvm": replace(X86, accel="kvm", boot_args=("panic_on_oops=1", "x=y")),
    "x86_64-old": replace(X86, version=(6, 2)),
    "x86_64-cpu": replace(X86, cpu="Skylake-Server"),
    "x86_64-saved": replace(X86, memory="/cache/tmp/snapshot,1/memory"),
    "x86_64-restored": replace(X86, memory="/cache/snapshot/1/memory", restored=True),
    "arm64": ARM,
    "arm64-serial": replace(ARM, channel="serial", port_fd=-1),
    "arm64-ssh": replace(ARM, channel="ssh", port_fd=-1),
    "arm64-kvm": replace(ARM, accel="kvm"),
}


@pytest.mark.parametrize("name", MACHINES)
def test_golden(name: str) -> None:
    golden = json.loads(GOLDEN.read_text())
    assert list(argv(MACHINES[name])) == golden[name]


def test_no_golden_is_left_over() -> None:
    assert json.loads(GOLDEN.read_text()).keys() == MACHINES.keys()


def test_a_known_counter_need_not_be_measured() -> None:
    assert "tsc_early_khz=2445430" in kernel_parameters(replace(X86, counter_khz=2445430))
    assert "tsc" not in kernel_parameters(X86)
    assert "tsc" not in kernel_parameters(replace(ARM, counter_khz=2445430))


@pytest.mark.parametrize(
    ("flags", "khz"),
    [("fpu tsc constant_tsc nonstop_tsc", 2445430), ("fpu tsc constant_tsc", 0), ("", 0)],
)
def test_counter_of_the_host(flags: str, khz: int) -> None:
    first = f"processor\t: 0\nmodel name\t: X: Y\nflags\t\t: {flags}\nbogomips\t: 4890.86\n"
    assert counter_of(first + "\nprocessor\t: 1\nbogomips\t: 10.00\n") == khz
    assert counter_of("Features\t: fp\nBogoMIPS\t: 50.00\n") == 0


def test_cpu_models() -> None:
    assert cpu_model(X86_64, "tcg") == "Nehalem"
    assert cpu_model(X86_64, "kvm") == "Nehalem"
    assert cpu_model(ARM64, "tcg") == "cortex-a57"
    assert cpu_model(ARM64, "kvm") == "host"
    assert cpu_model(ARM64, "kvm", "max") == "max"


def test_a_boot_parameter_comes_last_and_so_wins() -> None:
    parameters = kernel_parameters(replace(ARM, boot_args=("loglevel=7",)))
    assert parameters.endswith(" loglevel=7")


def test_the_pool_of_huge_pages_is_said_once() -> None:
    parameters = kernel_parameters(replace(ARM, boot_args=("hugepages=0",)))
    assert parameters.count("hugepages=") == 1
    assert parameters.endswith(" hugepages=0")


USERNET = """\
Hub -1 (net):
  Protocol[State]    FD  Source Address  Port   Dest. Address  Port RecvQ SendQ
  TCP[HOST_FORWARD]  13       127.0.0.1 35679       10.0.2.15    22     0     0
"""


def test_the_forwarded_port() -> None:
    assert forwarded_port(USERNET) == 35679
    assert forwarded_port("Error: no") is None
