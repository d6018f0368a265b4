"""The default channel: a virtio-serial port, which is a socket of QEMU's already."""

from __future__ import annotations

from . import Channel


class VirtioChannel(Channel):
    """Frames over the virtserialport's chardev."""
