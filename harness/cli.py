"""The command `pagelab`: signals, errors and exit codes around everything that it does.

Only small modules are loaded here, so that Ctrl-C ends in 130 from the first
moment on. The commands themselves are in commands.py.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from collections.abc import Callable, Sequence
from typing import NoReturn

from . import errors, verdict
from .interrupts import interrupts

_CRASH = 1  # what interpreters exit with; never ours


def complain(message: str) -> None:
    """One line on standard error, whatever the message has in it."""
    with contextlib.suppress(OSError, ValueError):
        sys.stderr.write(f"pagelab: {' '.join(message.split())}\n")
        sys.stderr.flush()


def guarded(argv: Sequence[str], prepare: Callable[[], None] = lambda: None) -> int:
    """Runs a command; every way in which it can end has an exit code and at most one line.

    Args:
        argv: what follows the command's name.
        prepare: called first, and guarded too.
    """
    try:
        prepare()
        from . import commands

        return commands.invoke(argv)
    except KeyboardInterrupt:
        complain("interrupted")
        return verdict.INTERRUPTED
    except errors.PagelabError as error:
        complain(str(error))
        return error.exit_code
    except BrokenPipeError:
        # Who read the output (`| head`) has seen enough; that it is not whole is no news to them.
        return errors.HarnessError.exit_code
    except SystemExit as request:
        code = request.code if isinstance(request.code, int) else 0
        return errors.HarnessError.exit_code if code == _CRASH else code
    except BaseException as error:
        complain(f"internal error: {type(error).__name__}: {error}")
        return errors.HarnessError.exit_code


def main() -> NoReturn:
    """Entry point of the command."""
    code = guarded(sys.argv[1:], interrupts.install)
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            # Nobody reads it any more; the interpreter must not try again.
            with contextlib.suppress(OSError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
    if threading.active_count() > 1 or code == verdict.INTERRUPTED:
        # A thread that still waits for something must not keep us, nor crash at the end; and an
        # interpreter that saw Ctrl-C inside of an exec() kills itself with SIGINT in spite of us.
        os._exit(code)
    sys.exit(code)
