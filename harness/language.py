"""The text form of programs: text to Program and back, both exact.

docs/programs.md is the reference; ``grammar`` reads single lines.
"""

from __future__ import annotations

import re

from .errors import UsageError
from .grammar import COMPARE, MINUS, NOT, OR, PRECEDENCE, GrammarError, parse_line, shown
from .program import (
    Call,
    Claim,
    Condition,
    Fact,
    Line,
    Literal,
    Name,
    Operation,
    Program,
    Requires,
    Symbols,
    Tuple,
    Unary,
    Value,
)

# Nothing that an editor shows as a line's end, or that UTF-8 cannot carry.
_UNWELCOME = re.compile("[\x00-\x08\x0b-\x1f\x7f\x85\u2028\u2029\ud800-\udfff]")


def parse(text: str, name: str) -> Program:
    """A program's text as a Program; ``render`` gives exactly the text back.

    Args:
        text: lines that end in a newline; a carriage return is refused.
        name: path or generated name, for messages.

    Raises:
        UsageError: "name:LINE:COLUMN: expected ..., found ...".
    """
    sources = text.split("\n")
    final_newline = not sources[-1]
    if final_newline:
        sources.pop()
    unwelcome = _UNWELCOME.search(text) is not None
    lines: list[Line] = []
    begun = False
    for number, source in enumerate(sources, 1):
        try:
            if unwelcome and (bad := _UNWELCOME.search(source)):
                expected = "lines that end in LF alone" if bad[0] == "\r" else "text"
                raise GrammarError(bad.start() + 1, expected, shown(bad[0]))
            node, _ = parse_line(source)
            if begun and isinstance(node, Requires):
                column = len(source) - len(source.lstrip(" \t")) + 1
                raise GrammarError(column, "requires: before the first operation", "it behind one")
        except GrammarError as error:
            raise located(name, number, error.column, error.expected, error.found) from None
        begun = begun or isinstance(node, Operation)
        lines.append(Line(node, source, number))
    return Program(tuple(lines), name, final_newline)


def decode(data: bytes, name: str) -> Program:
    """A program file's content as a Program.

    Args:
        data: the whole file, UTF-8.
        name: its path, for messages.

    Raises:
        UsageError: not UTF-8, or as ``parse``.
    """
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        column = len(data[: error.start].split(b"\n")[-1].decode()) + 1
        found = f"byte {data[error.start]:#04x}"
        raise located(name, line, column, "UTF-8 text", found) from None
    return parse(text, name)


class Mistake(Exception):
    """A line that reads well and makes no sense.

    Attributes:
        key: which part of the line, as ``column_of`` takes it.
    """

    def __init__(self, key: str | int, expected: str, found: str) -> None:
        super().__init__(expected)
        self.key = key
        self.expected = expected
        self.found = found


def located(name: str, line: int, column: int, expected: str, found: str) -> UsageError:
    """The error of one place in a program."""
    return UsageError(f"{name or 'program'}:{line}:{column}: expected {expected}, found {found}")


def column_of(line: Line, key: str | int) -> int:
    """Column of a part of a line; 1 where it has none.

    Args:
        key: "result", "process", "begin" or "function" of an operation, the number of an
            argument in the order written, or of a condition's name, literal or fact.
    """
    try:
        _, parser = parse_line(line.source or render_line(line))
    except GrammarError:
        return 1
    return parser.marks.get(key, 1)


# ---- rendering ------------------------------------------------------------


def render(program: Program) -> str:
    """A program's text: lines that were parsed as they were, others canonically."""
    text = "\n".join([line.source or render_line(line) for line in program.lines])
    return text + "\n" if program.lines and program.final_newline else text


def render_line(line: Line) -> str:
    """The canonical text of what a line says, without a newline."""
    node = line.node
    if isinstance(node, Operation):
        result = f"{node.result} = " if node.result is not None else ""
        process = f"{node.process}: " if node.process is not None else ""
        begin = "begin " if node.begin else ""
        return f"{result}{process}{begin}{render_call(node.call)}"
    if isinstance(node, Claim):
        return f"claim {node.id}: {render_condition(node.condition)}"
    if isinstance(node, Requires):
        return f"requires: {render_condition(node.condition)}"
    return ""


def render_call(call: Call) -> str:
    """``munmap(m[0], pages=2)``."""
    args = [render_value(value) for value in call.args]
    args += [f"{name}={render_value(value)}" for name, value in call.named]
    return f"{call.function}({', '.join(args)})"


def render_value(value: Value) -> str:
    """One argument's canonical text; numbers from 2^16 on are hexadecimal."""
    if isinstance(value, int):
        return _number(value)
    if isinstance(value, bytes):
        return _string(value)
    if isinstance(value, Symbols):
        return "|".join(value.names)
    if value.index is None:
        return value.name
    offset = f"{value.offset:+d}" if value.offset else ""
    return f"{value.name}[{value.index}]{offset}"


def _number(value: int) -> str:
    return str(value) if abs(value) < 0x10000 else hex(value)


def _string(data: bytes) -> str:
    special = {ord("\n"): r"\n", ord("\\"): r"\\", ord('"'): r"\""}
    pieces = [
        special.get(byte) or (chr(byte) if 0x20 <= byte < 0x7F else f"\\x{byte:02x}")
        for byte in data
    ]
    return f'"{"".join(pieces)}"'


def render_condition(condition: Condition, minimum: int = OR) -> str:
    """A condition's canonical text, with no parentheses that it can do without.

    Args:
        minimum: how tightly the operators outside parentheses have to bind.
    """
    if isinstance(condition, Name):
        return condition.name
    if isinstance(condition, Literal):
        value = condition.value
        return _number(value) if isinstance(value, int) else _string(value)
    if isinstance(condition, Fact):
        args = [a.name if isinstance(a, Name) else render_value(a) for a in condition.args]
        return f"{condition.function}({', '.join(args)})"
    if isinstance(condition, Tuple):
        return f"({', '.join(render_condition(item) for item in condition.items)})"
    if isinstance(condition, Unary):
        text, precedence = _unary(condition)
    else:
        precedence = PRECEDENCE[condition.operator]
        left = render_condition(condition.left, precedence + (precedence == COMPARE))
        right = render_condition(condition.right, precedence + 1)
        text = f"{left} {condition.operator} {right}"
    return f"({text})" if precedence < minimum else text


def _unary(condition: Unary) -> tuple[str, int]:
    """Text and precedence of ``not x`` or ``-x``."""
    operand = condition.operand
    if condition.operator == "not":
        return f"not {render_condition(operand, NOT)}", NOT
    text = render_condition(operand, MINUS)
    if isinstance(operand, Literal) and isinstance(operand.value, int) and operand.value >= 0:
        text = f"({text})"  # -5 is a literal, -(5) an operator
    return f"-{text}", MINUS
