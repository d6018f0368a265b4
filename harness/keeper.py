"""Holds processes for a pagelab that may die at any moment; run as a script by proc.

It starts what it is asked to, each in a process group of its own, and holds
each by a connection: when that closes (pagelab ended, however, or let go),
the whole group is killed. A parent-death signal alone would not do: it fires
when the *thread* that forked ends, and reaches only the child, not what the
child started. Here it is a second net, should the keeper itself be killed:
this process has one thread.

Only modules that load in no time: its start is part of every boot's time.
Nothing of the harness is imported, so it runs with -I -S.
"""
# ruff: noqa: SIM105 - contextlib would cost a third of the start's time

import _signal  # type: ignore[import-not-found]
import _socket
import ctypes
import fcntl
import marshal
import os
import select
import sys

FDS_MAX = 64
MESSAGE_MAX = 1 << 18
PR_SET_PDEATHSIG = 1
MSG_CMSG_CLOEXEC = 0x40000000
KILL = int(_signal.SIGKILL)


def signal_group(pid: int, number: int) -> None:
    """Signal a process group; one that may not be signalled (sudo's) is left alone."""
    try:
        os.killpg(pid, number)
    except OSError:
        pass


class Held:
    """One process, and the connection that it is held by."""

    def __init__(self, pid: int, connection: _socket.socket) -> None:
        self.pid = pid
        self.connection = connection


class Keeper:
    """The loop: requests in, exit statuses out, connections watched."""

    def __init__(self, control_fd: int) -> None:
        os.set_inheritable(control_fd, False)
        self.control = _socket.socket(fileno=control_fd)
        self.prctl = ctypes.CDLL(None).prctl
        self.poller = select.poll()
        self.poller.register(control_fd, select.POLLIN)
        self.connections: dict[int, Held] = {}
        self.pidfds: dict[int, Held] = {}

    def run(self) -> None:
        """Serve until pagelab is gone; then kill everything that is left."""
        while True:
            # One at a time: what one event closes must not be what another one names.
            fd = self.poller.poll()[0][0]
            if fd in self.pidfds:
                self.ended(fd)
            elif fd in self.connections:
                self.order(fd)
            elif not self.request():
                for held in self.pidfds.values():
                    signal_group(held.pid, KILL)
                return

    def request(self) -> bool:
        """Start what one message asks for; False when pagelab is gone."""
        space = _socket.CMSG_SPACE(FDS_MAX * 4)
        body, ancillary, _, _ = self.control.recvmsg(MESSAGE_MAX, space, MSG_CMSG_CLOEXEC)
        if not body:
            return False
        data = ancillary[0][2]
        fds = [int.from_bytes(data[i : i + 4], sys.byteorder) for i in range(0, len(data), 4)]
        connection = _socket.socket(fileno=fds[0])
        argv, env, cwd, targets = marshal.loads(body)
        pid, error = self.start(argv, env, cwd, targets, fds[1:])
        for fd in fds[1:]:
            os.close(fd)
        self.send(connection, (pid, error))
        if error:
            connection.close()
            return True
        held = Held(pid, connection)
        pidfd = os.pidfd_open(pid)
        self.pidfds[pidfd] = held
        self.connections[connection.fileno()] = held
        self.poller.register(pidfd, select.POLLIN)
        self.poller.register(connection.fileno(), select.POLLIN)
        return True

    def start(
        self, argv: list[str], env: dict[str, str], cwd: str, targets: list[int], fds: list[int]
    ) -> tuple[int, int]:
        """Fork and exec; returns (pid, 0), or (0, errno) when the exec failed."""
        failed, tell = os.pipe()
        keeper = os.getpid()
        pid = os.fork()
        if not pid:
            try:
                self.become(keeper, argv, env, cwd, targets, fds, tell)
            finally:
                os._exit(127)
        os.close(tell)
        try:
            os.setpgid(pid, pid)  # so that a kill right now already finds the group
        except OSError:
            pass  # it has called exec, and so has done this itself
        errno = int.from_bytes(os.read(failed, 4), "little")
        os.close(failed)
        if errno:
            os.waitpid(pid, 0)
            return 0, errno
        return pid, 0

    def become(
        self,
        keeper: int,
        argv: list[str],
        env: dict[str, str],
        cwd: str,
        targets: list[int],
        fds: list[int],
        tell: int,
    ) -> None:
        """In the child: turn into the process asked for, or tell the errno."""
        floor = max(targets) + 1
        tell = fcntl.fcntl(tell, fcntl.F_DUPFD_CLOEXEC, floor)
        try:
            os.setpgid(0, 0)
            self.prctl(PR_SET_PDEATHSIG, KILL)
            if os.getppid() != keeper:
                os._exit(127)
            for number in (_signal.SIGPIPE, _signal.SIGXFSZ):
                _signal.signal(number, _signal.SIG_DFL)
            moved = [fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, floor) for fd in fds]
            for fd, target in zip(moved, targets, strict=True):
                os.dup2(fd, target)
            os.chdir(cwd)
            os.execve(argv[0], argv, env)
        except OSError as error:
            os.write(tell, (error.errno or 127).to_bytes(4, "little"))

    def order(self, fd: int) -> None:
        """A connection speaks: a byte is a signal to send, its end means kill."""
        held = self.connections[fd]
        try:
            number = held.connection.recv(1)
        except OSError:
            number = b""
        signal_group(held.pid, number[0] if number else KILL)
        if not number:
            self.poller.unregister(fd)

    def ended(self, pidfd: int) -> None:
        """A process ended: kill what is left of its group, tell its status."""
        held = self.pidfds.pop(pidfd)
        # Not reaped yet, so the group's number is still its own.
        signal_group(held.pid, KILL)
        _, status = os.waitpid(held.pid, 0)
        self.poller.unregister(pidfd)
        os.close(pidfd)
        fd = held.connection.fileno()
        del self.connections[fd]
        try:
            self.poller.unregister(fd)
        except KeyError:
            pass  # it had closed
        self.send(held.connection, os.waitstatus_to_exitcode(status))
        held.connection.close()

    def send(self, connection: _socket.socket, answer: int | tuple[int, int]) -> None:
        """Answer, if anybody still listens."""
        try:
            connection.send(marshal.dumps(answer))
        except OSError:
            pass  # pagelab is gone, or does not want to know


if __name__ == "__main__":
    os.closerange(4, 1 << 20)  # whatever our caller's caller left open
    Keeper(3).run()
