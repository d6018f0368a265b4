"""A program in the making: each line is compiled and stepped by the model before it is kept.

So whoever adds lines knows at any time which processes, mappings, files, held
pages and begun calls there are, and what became of them.
"""

from __future__ import annotations

from collections.abc import Mapping

from ..abi import ARENA_PAGES_MAX, Kind, Op
from ..binding import Arguments
from ..language import Mistake
from ..layout import Compiler
from ..model import Arena, Expected, Model, Semantics, State, branches
from ..program import (
    ARENA_START,
    INITIAL,
    Call,
    Compiled,
    Line,
    Operation,
    Program,
    Ref,
    Requires,
    Value,
)
from ..signatures import CALLS, Result
from .avoid import Avoid, unasked
from .ground import Ground

# What results are called: one letter a kind, as in the programs of programs/.
_LETTERS = {
    Result.MAPPING: "m",
    Result.PROCESS: "c",
    Result.FILE: "f",
    Result.HELD: "h",
    Result.BEGUN: "t",
}
SEMANTICS = Semantics()  # 6.1 on x86-64, whatever machine this is


def given(function: str, args: tuple[Value, ...], named: Mapping[str, Value | None]) -> Call:
    """A call, without those named arguments that are None."""
    there = tuple((name, value) for name, value in named.items() if value is not None)
    return Call(function, args, there)


class Builder:
    """The lines so far, and the state that they lead to.

    Args:
        requires: what the program asks of its environment.
        protects: a userfaultfd may write-protect.

    Attributes:
        state: the model's, behind the last line.
        last: what the model expects of the last line.
        reached: branches of the model, on the way here.
        made: a file's name -> the call that made it; a held set's -> the call that got it.
    """

    def __init__(self, requires: tuple[Requires, ...] = (), protects: bool = True) -> None:
        self._rules = branches.recorded()(SEMANTICS)
        self.reached: set[str] = set()
        self.lines: list[Line] = [Line(one) for one in requires]
        self._starts: dict[int, int] = {}
        self._compiler = Compiler(self._starts, 1)
        self.scope = self._compiler.scope
        for position, line in enumerate(self.lines):
            self._compiler.line(line.node, position, position + 1)
        self._ground = Ground()
        self._counts = dict.fromkeys(_LETTERS, 0)
        self._avoid = Avoid(protects)
        self.made: dict[str, str] = {}
        # the largest arena there may be: nothing is mapped behind the program's own
        self.model = Model(SEMANTICS, Arena(ARENA_START, ARENA_PAGES_MAX), self._rules)
        self.state: State = self.model.initial()
        self.last = Expected(Kind.VALUE)

    # ---- what there is ----------------------------------------------------------

    @property
    def size(self) -> int:
        """Operations so far."""
        return len(self._compiler.ops)

    @property
    def pages(self) -> int:
        """Of the arena, guard pages included."""
        return self._ground.pages

    @property
    def neighbour(self) -> str:
        """The mapping that another may lie behind; "": there is none."""
        return self._ground.last

    def alive(self) -> list[str]:
        """Processes that live and are the program's, asleep or not."""
        lives, replaced = self.state.lives, self.scope.replaced
        processes = self.scope.processes
        return [name for name, slot in processes.items() if slot not in replaced and lives(slot)]

    def able(self) -> list[str]:
        """Those that may make a call, and would come to it."""
        processes = self.scope.processes
        return [name for name in self.alive() if not self.busy(processes[name])]

    def busy(self, slot: int) -> bool:
        """Is there a call of the process that sleeps, or that nobody has waited for?"""
        return slot in self.scope.asleep or unasked(self.state, slot)

    def place(self, index: int, offset: int = 0) -> Ref:
        """A page of the arena, by the mapping that has it or one that lies before it."""
        best, at = "", -1
        for name, (first, pages) in self.scope.mappings.items():
            if first <= index < first + pages:
                return Ref(name, index - first, offset)
            if at < first <= index:
                best, at = name, first
        if at < 0:
            best, (at, _) = next(iter(self.scope.mappings.items()))
        return Ref(best, index - at, offset)

    # ---- adding -----------------------------------------------------------------

    def add(
        self,
        function: str,
        *args: Value,
        process: str = INITIAL,
        **named: Value | None,
    ) -> bool:
        """A call, whose result gets a name where others can use it.

        Args:
            named: None: it is not given.

        Returns:
            Whether it is among the lines now: it makes sense, and may be executed.
        """
        return self.put(given(function, args, named), process) is not None

    def put(self, call: Call, process: str, begin: bool = False) -> str | None:
        """The same of a call as it stands: its result's name, "" for none; None: not added."""
        kind = Result.BEGUN if begin else CALLS[call.function].result
        operation = Operation(
            call, self._name(kind), process if process != INITIAL else None, begin
        )
        return (operation.result or "") if self._keep(operation, kind) else None

    def wait(self, begun: str) -> str | None:
        """wait() for a begun call; its result has a name where others can use it."""
        kind = self.scope.begun[begun].result
        operation = Operation(Call("wait", (Ref(begun),)), self._name(kind))
        return (operation.result or "") if self._keep(operation, kind) else None

    def _name(self, kind: Result) -> str | None:
        return f"{_LETTERS[kind]}{self._counts[kind]}" if kind in _LETTERS else None

    def _keep(self, operation: Operation, kind: Result) -> bool:
        position = len(self.lines)
        compiler, ground = self._compiler, self._ground
        mark = compiler.mark()
        try:
            placed = self._place(operation, position)
            if placed:
                compiler.line(operation, position, position + 1)
        except Mistake:
            placed = False
        if not placed or not self._step(compiler.ops[-1]):
            compiler.back(mark)
            self._starts.pop(position, None)
            self._ground = ground
            self.scope.arena_pages = ground.pages
            return False
        self.lines.append(Line(operation))
        if kind in _LETTERS:
            self._counts[kind] += 1
        if operation.result is not None:
            self.made[operation.result] = operation.call.function
        return True

    def _place(self, operation: Operation, position: int) -> bool:
        """Finds a place for what is mapped; False: there is none."""
        if operation.call.function != "mmap":
            return True
        arguments = Arguments(operation.call)
        if "at" in arguments.values:
            return True
        placed = self._ground.with_mapping(operation.result or "", arguments)
        if placed is None:
            return False
        self._ground, self._starts[position] = placed
        self.scope.arena_pages = self._ground.pages
        return True

    def _step(self, op: Op) -> bool:
        """One step of the model; False where the operation is better not executed."""
        if self._avoid.before(self.model, self.state, op):
            return False
        reached = self._rules.reached = set()
        branch = self.model.step(self.state, op)[0]
        if self._avoid.behind(branch.state, branch.expected, reached, op):
            return False
        self._avoid.note(op)
        self.reached |= reached
        if outcome := branches.of_outcome(op, branch.expected):
            self.reached.add(outcome)
        self.state, self.last = branch.state, branch.expected
        return True

    # ---- the end ------------------------------------------------------------------

    def finish(self) -> None:
        """Ask for whatever was begun, so that nothing of it stays unsaid."""
        for name in list(self.scope.latest.values()):
            self.wait(name)

    def result(self, name: str) -> tuple[Program, Compiled]:
        """The program, and what it compiles to."""
        return Program(tuple(self.lines), name), self._compiler.compiled()
