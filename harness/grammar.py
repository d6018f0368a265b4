"""One line of a program: its tokens and what they say.

docs/programs.md is the reference. A line is read by one recursive descent over
its tokens, conditions by precedence climbing; what names stand for is decided
later (``layout``). ``language`` is the way in.
"""

from __future__ import annotations

import re
from typing import NoReturn

from .program import (
    Binary,
    Blank,
    Call,
    Claim,
    Condition,
    Fact,
    Literal,
    Name,
    Operation,
    Ref,
    Requires,
    Symbols,
    Tuple,
    Unary,
    Value,
)
from .signatures import CALLS, FACTS, KEYWORDS, NUMBERS, RESERVED, Kind, Parameter

LINE_MAX = 4096  # characters
OPERATORS_MAX = 64  # in one condition, parentheses included: bounds every recursion
NUMBER_MIN, NUMBER_MAX = -(1 << 63), (1 << 64) - 1

_TOKEN = re.compile(
    r"""[ \t]*(?:
      ([A-Za-z_][A-Za-z0-9_]*)
    | ([0-9][A-Za-z0-9_.]*)
    | ("(?:[ !\x23-\x5b\x5d-~]|\\[n\\"]|\\x[0-9a-fA-F]{2})*")
    | (==|!=|<=|>=|[-()\[\],=:|+<>])
    | (\#.*|$)
    )""",
    re.VERBOSE | re.DOTALL,
)
_NAME, _NUMBER, _STRING, _SIGN, _END = range(1, 6)
_CLAIM = re.compile(r"[ \t]*claim[ \t]+([A-Za-z][A-Za-z0-9_]*(?:-[A-Za-z0-9_]+)*)[ \t]*:")
_REQUIRES = re.compile(r"[ \t]*requires[ \t]*:")
_STRING_START = re.compile(r'"(?:[ !\x23-\x5b\x5d-~]|\\[n\\"]|\\x[0-9a-fA-F]{2})*')
_ESCAPE = re.compile(r"\\(?:x(..)|(.))")
_INTEGER = re.compile(r"0|[1-9][0-9]*|0[xX][0-9a-fA-F]+")
_VERSION = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,9})+")

_COMPARISONS = frozenset(("==", "!=", "<", "<=", ">", ">=", "in"))
OR, AND, NOT, COMPARE, SUM, MINUS = range(1, 7)
PRECEDENCE = {"or": OR, "and": AND, "+": SUM, "-": SUM} | dict.fromkeys(_COMPARISONS, COMPARE)


class GrammarError(Exception):
    """What was expected, what is there, and the column (from 1)."""

    def __init__(self, column: int, expected: str, found: str) -> None:
        super().__init__(expected)
        self.column = column
        self.expected = expected
        self.found = found


def shown(text: str) -> str:
    """A piece of a program as a message shows it: short, printable, quoted."""
    return ascii(text if len(text) <= 40 else text[:37] + "...")


class Parser:
    """One line's tokens and a position in them.

    Attributes:
        marks: columns of what was read: "result", "process", "begin", "function"; by number
            an argument's value, or in a condition each name, literal and fact.
    """

    __slots__ = ("at", "kinds", "marks", "operators", "positions", "texts")

    def __init__(self, source: str, start: int = 0) -> None:
        self.kinds: list[int] = []
        self.texts: list[str] = []
        self.positions: list[int] = []
        self.at = 0
        self.operators = 0
        self.marks: dict[str | int, int] = {}
        kind = 0
        for match in _TOKEN.finditer(source, start):
            if match.start() != start:
                break
            kind = match.lastindex or 0  # a token is one of the groups
            self.kinds.append(kind)
            self.texts.append(match[kind])
            self.positions.append(match.start(kind))
            start = match.end()
            if kind == _END:
                break
        if kind != _END:
            _bad_token(source, start)
        self.texts[-1] = ""

    def fail(self, expected: str) -> NoReturn:
        """Raise: the current token is not what was expected."""
        text = self.texts[self.at]
        found = "the end of the line" if self.kinds[self.at] == _END else shown(text)
        raise GrammarError(self.positions[self.at] + 1, expected, found)

    def mark(self, key: str | int | None = None) -> None:
        """Remember the current token's column, under the next number unless named."""
        self.marks[len(self.marks) if key is None else key] = self.positions[self.at] + 1

    def take(self, text: str) -> bool:
        """Step over that sign or word if it is next."""
        if self.texts[self.at] != text or self.kinds[self.at] == _STRING:
            return False
        self.at += 1
        return True

    def need(self, text: str) -> None:
        if not self.take(text):
            self.fail(f"'{text}'")

    def end(self, expected: str) -> None:
        if self.kinds[self.at] != _END:
            self.fail(expected)

    def name(self, expected: str) -> str:
        """A name that is no keyword."""
        text = self.texts[self.at]
        if self.kinds[self.at] != _NAME or text in KEYWORDS:
            self.fail(expected)
        self.at += 1
        return text

    # ---- operations -------------------------------------------------------

    def operation(self) -> Operation:
        result = process = None
        if self.texts[self.at + 1 : self.at + 2] == ["="]:
            self.mark("result")
            result = self.texts[self.at]
            if self.kinds[self.at] != _NAME or result in RESERVED:
                self.fail("a name that is free for use")
            self.at += 2
        if self.texts[self.at + 1 : self.at + 2] == [":"]:
            self.mark("process")
            process = self.name("a process's name")
            self.at += 1
        self.mark("begin")
        begin = self.take("begin")
        self.mark("function")
        function = self.texts[self.at]
        if self.kinds[self.at] != _NAME or function not in CALLS:
            self.fail(f"a call ({', '.join(CALLS)})" if self.at else "an operation")
        self.at += 1
        self.need("(")
        call = self.call(function)
        self.end("the end of the line")
        return Operation(call, result, process, begin)

    def call(self, function: str) -> Call:
        """Arguments up to the closing parenthesis."""
        parameters = CALLS[function].parameters
        args: list[Value] = []
        named: list[tuple[str, Value]] = []
        count = 0
        while not self.take(")"):
            if count:
                self.need(",")
            if self.kinds[self.at] == _NAME and self.texts[self.at + 1] == "=":
                parameter = self.parameter(function, {key for key, _ in named}, len(args))
                self.at += 2
                self.marks[count] = self.positions[self.at] + 1
                named.append((parameter.name, self.value(parameter)))
            elif named or len(args) == len(parameters):
                self.fail(f"{function}'s next argument by name" if named else "')'")
            else:
                self.marks[count] = self.positions[self.at] + 1
                args.append(self.value(parameters[len(args)]))
            count += 1
        return Call(function, tuple(args), tuple(named))

    def parameter(self, function: str, given: set[str], positional: int) -> Parameter:
        """The parameter that the current token names."""
        name = self.texts[self.at]
        free = [p for p in CALLS[function].parameters[positional:] if p.name not in given]
        found = next((parameter for parameter in free if parameter.name == name), None)
        if found is None:
            left = " or ".join(f"{parameter.name}=" for parameter in free)
            self.fail(f"{left} of {function}" if left else "')'")
        return found

    def value(self, parameter: Parameter) -> Value:
        """An argument of the parameter's kind."""
        kind = parameter.kind
        token = self.kinds[self.at]
        numeric = token == _NUMBER or (
            self.texts[self.at] == "-" if token == _SIGN else self.texts[self.at] in NUMBERS
        )
        if kind is Kind.SYMBOLS:
            return self.number(kind.value) if numeric else self.symbols(parameter)
        if kind is Kind.NUMBER or (kind in (Kind.ADDRESS, Kind.FRAME) and numeric):
            return self.number(kind.value)
        if kind is Kind.DATA:
            if token != _STRING:
                self.fail(kind.value)
            self.at += 1
            return _unescape(self.texts[self.at - 1])
        return self.place(kind.value)

    def symbols(self, parameter: Parameter) -> Symbols:
        expected = f"{parameter.name} ({', '.join(parameter.symbols or ())})"
        names = [self.name(expected)]
        while self.take("|"):
            names.append(self.name(expected))
        return Symbols(tuple(names))

    def number(self, expected: str) -> int:
        """``12``, ``-0x10``, ``INT_MIN``."""
        if self.kinds[self.at] == _NAME and self.texts[self.at] in NUMBERS:
            self.at += 1
            return NUMBERS[self.texts[self.at - 1]]
        sign = -1 if self.take("-") else 1
        text = self.texts[self.at]
        if self.kinds[self.at] != _NUMBER or not _INTEGER.fullmatch(text):
            self.fail(expected)
        value = sign * int(text, 0)
        if not NUMBER_MIN <= value <= NUMBER_MAX:
            self.fail("a number of 64 bits")
        self.at += 1
        return value

    def place(self, expected: str) -> Ref:
        """``m``, ``m[0]``, ``m[0]+100``."""
        name = self.name(expected)
        if not self.take("["):
            return Ref(name)
        index = self.number("a page's number")
        self.need("]")
        if self.texts[self.at] in ("+", "-") and self.kinds[self.at] == _SIGN:
            self.take("+")  # a minus belongs to the number
            return Ref(name, index, self.number("an offset in bytes"))
        return Ref(name, index)

    # ---- conditions -------------------------------------------------------

    def whole_condition(self) -> Condition:
        condition = self.binary(OR)
        self.end("an operator or the end of the line")
        return condition

    def operator(self) -> str:
        """Step over an operator or a parenthesis, and count it."""
        self.operators += 1
        if self.operators > OPERATORS_MAX:
            self.fail(f"at most {OPERATORS_MAX} operators in a condition")
        self.at += 1
        return self.texts[self.at - 1]

    def binary(self, minimum: int) -> Condition:
        """A condition whose operators outside parentheses bind at least that tightly."""
        left: Condition
        if minimum <= NOT and self.texts[self.at] == "not":
            left = Unary(self.operator(), self.binary(NOT))
        else:
            left = self.unary()
        compared = False
        while True:
            text = self.texts[self.at]
            precedence = PRECEDENCE.get(text, 0)
            if precedence < max(minimum, 1):
                return left
            if precedence == COMPARE and compared:
                self.fail("'and', 'or' or the end of the line")
            self.operator()
            compared = precedence == COMPARE
            right = self.tuple() if text == "in" else self.binary(precedence + 1)
            left = Binary(text, left, right)

    def unary(self) -> Condition:
        if self.texts[self.at] != "-":
            return self.primary()
        if self.kinds[self.at + 1] == _NUMBER and not _VERSION.fullmatch(self.texts[self.at + 1]):
            self.mark()
            return Literal(self.number("a number"))
        return Unary(self.operator(), self.unary())

    def primary(self) -> Condition:
        kind, text = self.kinds[self.at], self.texts[self.at]
        if text == "(":
            self.operator()
            inside = self.binary(OR)
            self.need(")")
            return inside
        if kind not in (_NAME, _NUMBER, _STRING) or text in KEYWORDS:
            self.fail("a name, a number, a string or '('")
        self.mark()
        if kind == _STRING:
            self.at += 1
            return Literal(_unescape(text))
        if kind == _NUMBER and not _VERSION.fullmatch(text):
            return Literal(self.number("a number or a version"))
        self.at += 1
        return self.fact(text) if self.texts[self.at] == "(" else Name(text)

    def tuple(self) -> Tuple:
        """``(x86_64, arm64)``."""
        self.need("(")
        items = [self.binary(OR)]
        while self.take(","):
            items.append(self.binary(OR))
        self.need(")")
        return Tuple(tuple(items))

    def fact(self, function: str) -> Fact:
        """``(c, m[0], write)`` behind a fact's name."""
        if function not in FACTS:
            self.at -= 1
            self.fail(f"a fact ({', '.join(FACTS)})")
        self.need("(")
        places = [self.place("a place or a name")]
        while self.take(","):
            places.append(self.place("a place or a name"))
        least = 2 if FACTS[function] else 1
        if not least <= len(places) <= least + 1:
            flag = ", flag" if FACTS[function] else ""
            self.fail(f"{function}(place{flag}) or {function}(process, place{flag})")
        self.need(")")
        at = len(places) - least  # where the place is
        for place in (*places[:at], *places[at + 1 :]):
            if place.index is not None:
                self.at -= 1
                self.fail(f"names around {function}'s place")
        before, after = places[:at], places[at + 1 :]
        return Fact(
            function,
            (*(Name(p.name) for p in before), places[at], *(Name(p.name) for p in after)),
        )


def _bad_token(source: str, start: int) -> NoReturn:
    """Raise for text that begins no token."""
    at = start
    while source[at] in " \t":
        at += 1
    string = _STRING_START.match(source, at)
    if string is None:
        raise GrammarError(at + 1, "a name, a number, a string or a sign", shown(source[at]))
    at = string.end()
    if at == len(source):
        raise GrammarError(at + 1, "'\"' at the string's end", "the end of the line")
    if source[at] == "\\":
        raise GrammarError(at + 1, r"one of the escapes \n \\ \" \xNN", shown(source[at : at + 2]))
    raise GrammarError(at + 1, r"ASCII (write other bytes as \xNN)", shown(source[at]))


def _unescape(quoted: str) -> bytes:
    """The bytes of a string token."""
    inside = quoted[1:-1]
    if "\\" not in inside:
        return inside.encode("ascii")

    def byte(match: re.Match[str]) -> str:
        if match[1]:
            return chr(int(match[1], 16))
        return "\n" if match[2] == "n" else match[2]

    return _ESCAPE.sub(byte, inside).encode("latin-1")


def parse_line(source: str) -> tuple[Operation | Claim | Requires | Blank, Parser]:
    """What a line says, and the parser with its marks."""
    if len(source) > LINE_MAX:
        raise GrammarError(LINE_MAX + 1, f"a line of at most {LINE_MAX} characters", "more")
    word = source.lstrip(" \t")
    if word.startswith("claim") and (head := _CLAIM.match(source)):
        parser = Parser(source, head.end())
        return Claim(head[1], parser.whole_condition()), parser
    if word.startswith("requires") and (head := _REQUIRES.match(source)):
        parser = Parser(source, head.end())
        return Requires(parser.whole_condition()), parser
    parser = Parser(source)
    if parser.kinds[0] == _END:
        return Blank(), parser
    if parser.texts[0] in ("claim", "requires"):
        parser.at = 1
        parser.fail("an id and ':', as in 'claim GUP-01: ret == 2'" if word[0] == "c" else "':'")
    return parser.operation(), parser
