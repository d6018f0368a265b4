"""QEMU's argument vector as data: a machine in, a tuple of strings out."""

from __future__ import annotations

import re
from dataclasses import dataclass

from .arch import Arch
from .environment import DEFAULT_CPU, HUGE_POOL

MEMORY_MB = 256
BAR_KB = 64
PORT_NAME = "pagelab"
CHANNELS = ("virtio", "serial", "ssh")

_BINARY = {"x86_64": "qemu-system-x86_64", "arm64": "qemu-system-aarch64"}
_CONSOLE = {"x86_64": "ttyS0", "arm64": "ttyAMA0"}
_I8042_SINCE = (7, 0)  # QEMU: machine property pc.i8042


@dataclass(frozen=True, slots=True)
class Machine:
    """One guest to start. Sockets are descriptors that QEMU inherits.

    Attributes:
        accel: "tcg" or "kvm".
        cpu: QEMU's -cpu; "" for the architecture's pinned one.
        version: QEMU's (major, minor).
        counter_khz: what an x86 guest's time-stamp counter runs with; 0: the guest finds out.
        kernel, initrd: paths that QEMU can open.
        disk: the same of a disk's image, which stays as it is: what a guest writes goes with
            it. "" for none.
        channel: one of CHANNELS.
        boot_args: kernel parameters beyond the default ones.
        memory: file that the guest's memory is, "" for one that goes with it.
        restored: the memory is a snapshot's, which this guest does not change; QEMU waits
            for the rest of the machine.
        qmp_fd, console_fd: connected stream sockets.
        port_fd: the same for virtio-serial, unused with another channel.
    """

    arch: Arch
    kernel: str
    initrd: str
    disk: str = ""
    accel: str = "tcg"
    cpu: str = ""
    version: tuple[int, int] = (7, 2)
    counter_khz: int = 0
    channel: str = "virtio"
    boot_args: tuple[str, ...] = ()
    memory: str = ""
    restored: bool = False
    qmp_fd: int = -1
    console_fd: int = -1
    port_fd: int = -1


def binary(arch: Arch) -> str:
    """The name of QEMU's command for this architecture."""
    return _BINARY[arch.name]


def cpu_model(arch: Arch, accel: str, cpu: str = "") -> str:
    """What -cpu gets: the wish, else the pinned model (under KVM, arm64 knows only the host's)."""
    if cpu:
        return cpu
    return "host" if accel == "kvm" and arch.name == "arm64" else DEFAULT_CPU[arch.name]


def machine_type(arch: Arch, accel: str, version: tuple[int, int]) -> str:
    """What -machine gets, without a memory backend."""
    if arch.name == "x86_64":
        # Without a keyboard controller the power-off does not wait 0.4 s for one.
        keyboard = ",i8042=off" if version >= _I8042_SINCE else ""
        return f"q35,accel={accel}{keyboard}"
    return f"virt,accel={accel}" + (",gic-version=host" if accel == "kvm" else "")


def kernel_parameters(machine: Machine) -> str:
    """The kernel's command line.

    loglevel=5 prints warnings and worse. A panic resets at once, which ends
    QEMU (-no-reboot). Addresses are those of System.map.
    """
    parameters = [f"console={_CONSOLE[machine.arch.name]}", "loglevel=5", "panic=-1", "nokaslr"]
    # Secret memory has to be asked for; its pages leave a direct map that is made of pages.
    parameters.append("secretmem.enable=1")
    # Of several the kernel takes the first one alone (6.1 mm/hugetlb.c hugepages_setup).
    if not any(given.startswith("hugepages=") for given in machine.boot_args):
        parameters.append(f"hugepages={HUGE_POOL}")
    if machine.arch.name == "arm64":
        parameters.append("rodata=full")
    if machine.arch.name == "x86_64":
        # The emulated timers are slow on a busy host, not broken.
        parameters.append("no_timer_check")
        # With its default the vsyscall page can be executed, and not be read.
        parameters.append("vsyscall=emulate")
        if machine.accel == "tcg":
            # The HPET will do: calibrating the local APIC's timer is a quarter of the boot
            # (arch/x86/kernel/apic/apic.c, calibrate_APIC_clock).
            parameters.append("nolapic_timer")
        if machine.counter_khz:
            # Measured against a timer that a busy host serves late, it comes out up to 30
            # times too slow; the guest's clock then runs ahead, into stalls that are none.
            parameters.append(f"tsc_early_khz={machine.counter_khz}")
    parameters.append(f"pagelab.channel={machine.channel}")
    parameters.extend(machine.boot_args)
    return " ".join(parameters)


def _channel_devices(machine: Machine) -> list[str]:
    if machine.channel == "virtio":
        # Port 0 is a console's. The kernel makes two queues for each port that there may be
        # (31 by default), which showed in the boot. What the guest sends is passed on by its
        # own thread: to wake another took a tenth of an arm64 program's time.
        return [
            *("-device", "virtio-serial-pci,max_ports=2,ioeventfd=off"),
            *("-chardev", f"socket,id=port,fd={machine.port_fd}"),
            *("-device", f"virtserialport,chardev=port,name={PORT_NAME}"),
        ]
    if machine.channel == "ssh":
        # Port 0: QEMU takes a free one and tells it (info usernet). The guest reaches nobody.
        return [
            *("-netdev", "user,id=net,restrict=on,ipv6=off,hostfwd=tcp:127.0.0.1:0-:22"),
            *("-device", "virtio-net-pci,netdev=net,romfile="),
            *("-device", "virtio-rng-pci"),
        ]
    return []


def _disk_devices(machine: Machine) -> list[str]:
    if not machine.disk:
        return []
    path = machine.disk.replace(",", ",,")
    # Setting up message interrupts for it was a twentieth of the boot.
    return [
        *("-drive", f"if=none,id=disk,format=raw,snapshot=on,file={path}"),
        *("-device", "virtio-blk-pci,drive=disk,num-queues=1,vectors=0"),
    ]


def _device_memory() -> list[str]:
    """A device whose BAR is memory, for programs to map: the same on every architecture.

    A snapshot's stream carries what it holds; a device that is no master forbids snapshots.
    """
    return [
        *("-object", f"memory-backend-ram,id=bar,size={BAR_KB}K"),
        *("-device", "ivshmem-plain,memdev=bar,master=on"),
    ]


def _memory(machine: Machine) -> str:
    """The memory: one that goes with the guest (huge pages, where it can), or a snapshot's file.

    Who boots to be saved shares the file, so that the stream need not carry it
    (x-ignore-shared); who is restored maps it privately and copies what it writes.
    """
    if not machine.memory:
        return f"memory-backend-ram,id=ram,size={MEMORY_MB}M"
    path = machine.memory.replace(",", ",,")
    share = "off" if machine.restored else "on"
    return f"memory-backend-file,id=ram,size={MEMORY_MB}M,mem-path={path},share={share}"


def argv(machine: Machine) -> tuple[str, ...]:
    """QEMU's whole argument vector, the command's name first."""
    arch = machine.arch
    firmware = ["-bios", "qboot.rom"] if arch.name == "x86_64" else []
    cpu = cpu_model(arch, machine.accel, machine.cpu)
    # A CPU model is part of the environment: KVM gives all of it or nothing.
    enforce = ",enforce" if machine.accel == "kvm" and cpu != "host" else ""
    return (
        binary(arch),
        *("-nodefaults", "-no-user-config", "-display", "none", "-no-reboot"),
        *("-machine", machine_type(arch, machine.accel, machine.version) + ",memory-backend=ram"),
        *("-cpu", cpu + enforce, "-smp", "1", "-m", f"{MEMORY_MB}M"),
        *("-object", _memory(machine)),
        *firmware,
        *("-chardev", f"socket,id=qmp,fd={machine.qmp_fd}", "-mon", "chardev=qmp,mode=control"),
        *("-chardev", f"socket,id=console,fd={machine.console_fd}", "-serial", "chardev:console"),
        *_channel_devices(machine),
        *_disk_devices(machine),
        *_device_memory(),
        *("-kernel", machine.kernel, "-initrd", machine.initrd),
        *("-append", kernel_parameters(machine)),
        *(("-incoming", "defer") if machine.restored else ()),
    )


_FORWARD = re.compile(r"^\s*TCP\[HOST_FORWARD\]\s+\d+\s+127\.0\.0\.1\s+(\d+)\s", re.MULTILINE)


def forwarded_port(usernet: str) -> int | None:
    """The port on 127.0.0.1 that ``info usernet`` says is forwarded to the guest."""
    match = _FORWARD.search(usernet)
    return int(match[1]) if match else None
