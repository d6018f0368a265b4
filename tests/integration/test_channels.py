"""Each channel carries a whole run alone, on both architectures, also beside a talking kernel."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from harness import build, cpio, guest, language, layout, trace
from harness.arch import Arch
from harness.build import Built
from harness.cache import Cache
from harness.errors import BootFailed, HarnessError
from harness.session import Limits

from .compiled import compile_guest

pytestmark = pytest.mark.qemu

CHANNELS = ("virtio", "serial", "ssh")
TEXT = """\
m = mmap(pages=8, prot=rw, flags=private|anon)
store(m[0], "first")
store(m[7]+100, "last")
h = get_user_pages(m[0], nr=8, gup_flags=WRITE)
munmap(m)
d = peek(h[0], 5)
e = peek(h[7]+100, 4)
put_page(h)
c = fork()
c: exit()
"""
RETURNS = [None, 5, 4, 8, 0, 5, 4, 8, None, 0]


def request(folder: Path, number: int) -> guest.Request:
    compiled = layout.compile_program(language.parse(TEXT, "p.mm"))
    return guest.Request("p.mm", TEXT, compiled, folder / f"{number}.trace")


@pytest.fixture(scope="module")
def ssh_initramfs(arch: Arch) -> Path:
    return build.ssh_initramfs(arch, cache=Cache())


def returns(path: Path) -> list[int | None]:
    """What each operation of a trace gave; None where it differs from boot to boot."""
    read = trace.decode(path.read_bytes(), str(path))
    assert read.complete
    assert all(outcome.snapshot is not None for outcome in read.outcomes)
    assert read.outcomes[5].data == b"first"
    assert read.outcomes[6].data == b"last"
    return [
        None if expected is None else outcome.ret
        for expected, outcome in zip(RETURNS, read.outcomes, strict=True)
    ]


@pytest.mark.parametrize("channel", CHANNELS)
def test_a_whole_run(built: Built, tmp_path: Path, ssh_initramfs: Path, channel: str) -> None:
    log = tmp_path / "console.log"
    with guest.boot(built, channel=channel, console_log=log, ssh_initramfs=ssh_initramfs) as booted:
        results = list(booted.run(request(tmp_path, number) for number in range(10)))
        assert booted.usable
    assert [result.ending.verdict for result in results] == [""] * 10
    for number in range(10):
        assert returns(tmp_path / f"{number}.trace") == RETURNS
    # The channel's own lines never reach people, wherever they travelled.
    assert "~P" not in booted.tail


@pytest.fixture(scope="module")
def noisy(built: Built, tmp_path_factory: pytest.TempPathFactory) -> Built:
    """The build with a process beside the agent that has the kernel print all the time."""
    folder = tmp_path_factory.mktemp("noisy")
    entries = {entry.name: entry for entry in cpio.read(built.initramfs.read_bytes())}
    real = entries.pop("init")
    noise = compile_guest(built.arch, "noise.c", folder)
    image = folder / "initramfs"
    image.write_bytes(
        cpio.write(
            (
                *entries.values(),
                replace(real, name="agent"),
                cpio.file("init", noise, 0o755),
            )
        )
    )
    return replace(built, initramfs=image)


@pytest.mark.parametrize("channel", CHANNELS)
def test_the_kernel_may_talk_meanwhile(
    noisy: Built, tmp_path: Path, ssh_initramfs: Path, channel: str
) -> None:
    log = tmp_path / "console.log"
    with guest.boot(
        noisy,
        channel=channel,
        boot_args=("printk.devkmsg=on",),
        console_log=log,
        ssh_initramfs=ssh_initramfs,
    ) as booted:
        results = list(booted.run(request(tmp_path, number) for number in range(10)))
    assert [result.ending.verdict for result in results] == [""] * 10
    for number in range(10):
        assert returns(tmp_path / f"{number}.trace") == RETURNS
    assert log.read_bytes().count(b"noise: nothing is wrong") > 1
    assert "~P" not in booted.tail


def test_ssh_accepts_no_other_host_key(
    built: Built, tmp_path: Path, ssh_initramfs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from harness.channel import ssh

    real = ssh.make_keys

    def mixed() -> ssh.Keys:
        ours, other = real(), real()
        return ssh.Keys(other.host_file, ours.host_public, ours.client_public, ours.client_private)

    monkeypatch.setattr(ssh, "make_keys", mixed)
    with pytest.raises(BootFailed, match="another host key than ours"):
        guest.boot(
            built,
            channel="ssh",
            console_log=tmp_path / "console.log",
            ssh_initramfs=ssh_initramfs,
            limits=Limits(boot=3.0),
        )


def test_ssh_without_its_image_says_so(built: Built, tmp_path: Path) -> None:
    with pytest.raises(HarnessError, match="needs Dropbear's image"):
        guest.boot(built, channel="ssh", console_log=tmp_path / "console.log")
