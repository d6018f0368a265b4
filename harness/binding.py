"""Arguments bound to parameters, with the errors that a wrong one gives."""

from __future__ import annotations

from typing import NoReturn

from . import abi, language
from .language import Mistake
from .program import Call, Ref, Symbols, Value
from .signatures import CALLS, Kind, Parameter

_KIND_TYPES: dict[Kind, tuple[type, ...]] = {
    Kind.NUMBER: (int,),
    Kind.DATA: (bytes,),
    Kind.SYMBOLS: (Symbols, int),
    Kind.ADDRESS: (Ref, int),
    Kind.FRAME: (Ref, int),
}


class Arguments:
    """A call's arguments, bound to the parameters of its signature.

    Every method raises Mistake for an argument that is unknown, doubled, missing,
    not of the parameter's kind or out of its range.

    Attributes:
        values: by the parameter's name; what was not given is not there.
        keys: the argument's number as written, for Mistake.
    """

    __slots__ = ("function", "keys", "signature", "values")

    def __init__(self, call: Call) -> None:
        self.function = call.function
        signature = CALLS.get(call.function)
        if signature is None:
            raise Mistake("function", "a call", repr(call.function))
        self.signature = signature
        self.values: dict[str, Value] = {}
        self.keys: dict[str, int] = {}
        parameters = signature.parameters
        if len(call.args) > len(parameters):
            raise Mistake(len(parameters), "')'", "one more argument")
        for parameter, value in zip(parameters, call.args, strict=False):
            self._bind(parameter, value)
        by_name = {parameter.name: parameter for parameter in parameters}
        for name, value in call.named:
            if name not in by_name or name in self.values:
                raise Mistake(len(self.keys), f"other arguments of {call.function}", f"{name}=")
            self._bind(by_name[name], value)
        for parameter in parameters:
            if parameter.required and parameter.name not in self.values:
                raise Mistake("function", f"{parameter.name}= in {call.function}()", "none")

    def _bind(self, parameter: Parameter, value: Value) -> None:
        key = len(self.keys)
        if not isinstance(value, _KIND_TYPES.get(parameter.kind, (Ref,))):
            raise Mistake(key, parameter.kind.value, language.render_value(value))
        self.values[parameter.name] = value
        self.keys[parameter.name] = key

    def fail(self, name: str, expected: str, found: str = "") -> NoReturn:
        """Raise a mistake in that argument (or, where it is not given, in the call)."""
        if name in self.values:
            raise Mistake(
                self.keys[name], expected, found or language.render_value(self.values[name])
            )
        raise Mistake("function", expected, found or f"{self.function}() without it")

    def number(self, name: str, low: int, high: int, default: int | None = None) -> int:
        """A number in a range, limits included."""
        value = self.values.get(name, default)
        if value is None:
            self.fail(name, f"{name}=")
        assert isinstance(value, int)
        if not low <= value <= high:
            self.fail(name, f"{name}= from {low} to {high}")
        return value

    def reference(self, name: str) -> Ref:
        value = self.values[name]
        assert isinstance(value, Ref)
        return value

    def data(self, name: str) -> bytes:
        """A string of 1 to DATA_MAX bytes."""
        value = self.values[name]
        assert isinstance(value, bytes)
        if not 1 <= len(value) <= abi.DATA_MAX:
            self.fail(name, f"a string of 1 to {abi.DATA_MAX} bytes", f"{len(value)} bytes")
        return value

    def symbols(self, name: str) -> int:
        """Flags joined into one number; 0 where they were left out."""
        if name not in self.values:
            return 0
        value = self.values[name]
        parameter = next(p for p in self.signature.parameters if p.name == name)
        known = parameter.symbols or {}
        if isinstance(value, int):
            if value or not (parameter.joined and 0 not in known.values()):
                self.fail(name, f"{name} ({', '.join(known)})")
            return 0
        assert isinstance(value, Symbols)
        result = 0
        for symbol in value.names:
            if symbol not in known:
                self.fail(name, f"{name} ({', '.join(known)})", repr(symbol))
            if result & known[symbol]:
                self.fail(name, f"each of {name} once", repr(symbol))
            result |= known[symbol]
        if not value.names or (len(value.names) > 1 and not parameter.joined):
            self.fail(name, f"one of {name} ({', '.join(known)})")
        return result
