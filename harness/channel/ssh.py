"""Frames over ssh: paramiko on this side, Dropbear in the guest.

The keys of both sides are made for each run, and this side accepts no other
host key than the one it made.
"""

from __future__ import annotations

import contextlib
import io
import logging
import socket
import threading
import time
from dataclasses import dataclass

import paramiko
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from . import Channel

USER = "root"
COMMAND = "/init --agent"
_LOGIN_SECONDS = 3.0  # of one attempt, at slowdown 1
_PAUSE_SECONDS = 0.05  # between two attempts
_JOIN_SECONDS = 2.0
_READ = 1 << 16

# paramiko reports failed attempts through logging, with a traceback; ours are told by error.
logging.getLogger("paramiko").addHandler(logging.NullHandler())


@dataclass(frozen=True, slots=True)
class Keys:
    """One run's two key pairs (ed25519).

    Attributes:
        host_file: the host's private key as Dropbear keeps it.
        host_public, client_public: one line each, as in authorized_keys.
        client_private: OpenSSH's format.
    """

    host_file: bytes
    host_public: str
    client_public: str
    client_private: bytes


def _string(data: bytes) -> bytes:
    return len(data).to_bytes(4, "big") + data


def make_keys() -> Keys:
    """New keys for one run."""
    host, client = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
    seed = host.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())
    public = host.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    lines = [
        key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()
        for key in (host, client)
    ]
    return Keys(
        # Dropbear, ed25519.c: buf_put_ed25519_priv_key
        host_file=_string(b"ssh-ed25519") + _string(seed + public),
        host_public=lines[0],
        client_public=lines[1],
        client_private=client.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()),
    )


class SshChannel(Channel):
    """Frames over the agent's standard input and output; threads carry them.

    Args:
        port: on 127.0.0.1, forwarded to the guest's port 22.
        slowdown: stretches every wait.
        deadline: monotonic time at which attempts to log in end.
    """

    def __init__(self, port: int, keys: Keys, slowdown: float, deadline: float) -> None:
        ours, self._inner = socket.socketpair()
        super().__init__(ours)
        self._port = port
        self._keys = keys
        self._patience = _LOGIN_SECONDS * slowdown
        self._deadline = deadline
        self._closing = threading.Event()
        self._transport: paramiko.Transport | None = None
        self._thread = threading.Thread(target=self._run, name="ssh", daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._closing.set()
        super().close()
        if self._transport is not None:
            self._transport.close()
        self._thread.join(_JOIN_SECONDS)

    def _run(self) -> None:
        """Logs in, then carries what the guest says until one side ends."""
        try:
            session = self._login()
            if session is not None:
                sender = threading.Thread(
                    target=self._carry_out, args=(session,), name="ssh-out", daemon=True
                )
                sender.start()
                while data := session.recv(_READ):
                    self._inner.sendall(data)
        except (OSError, EOFError, paramiko.SSHException) as error:
            self.error = f"ssh channel: {str(error) or type(error).__name__}"
        finally:
            with contextlib.suppress(OSError):
                self._inner.shutdown(socket.SHUT_RDWR)
            self._inner.close()

    def _carry_out(self, session: paramiko.Channel) -> None:
        with contextlib.suppress(OSError, EOFError, paramiko.SSHException):
            while data := self._inner.recv(_READ):
                session.sendall(data)
            session.close()

    def _login(self) -> paramiko.Channel | None:
        """A session that runs the agent; None when close() came first.

        User-mode networking accepts before the guest listens, so that the
        first attempts may end without a banner.
        """
        while not self._closing.is_set():
            try:
                return self._attempt()
            except paramiko.AuthenticationException:
                raise
            except (OSError, EOFError, paramiko.SSHException):
                if self._transport is not None:
                    self._transport.close()
                if time.monotonic() >= self._deadline:
                    raise
                self._closing.wait(_PAUSE_SECONDS)
        return None

    def _attempt(self) -> paramiko.Channel:
        sock = socket.create_connection(("127.0.0.1", self._port), self._patience)
        transport = paramiko.Transport(sock)
        self._transport = transport
        transport.banner_timeout = transport.auth_timeout = self._patience
        transport.start_client(timeout=self._patience)
        key = transport.get_remote_server_key()
        if f"{key.get_name()} {key.get_base64()}" != self._keys.host_public:
            raise paramiko.AuthenticationException("the guest has another host key than ours")
        transport.auth_publickey(USER, _client_key(self._keys))
        session = transport.open_session(timeout=self._patience)
        session.settimeout(self._patience)
        session.exec_command(COMMAND)
        session.settimeout(None)
        return session


def _client_key(keys: Keys) -> paramiko.PKey:
    return paramiko.Ed25519Key(file_obj=io.StringIO(keys.client_private.decode()))
