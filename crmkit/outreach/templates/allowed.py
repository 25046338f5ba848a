"""What a template may say: a list of what is allowed, everything else is refused (R38).

Jinja2's sandbox alone lets a template fill the memory or run for ever, so only what is bounded by
the template's own length is allowed, and loops and comparisons pay for what they go through.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import NoReturn

import attrs
from jinja2 import nodes

from crmkit.errors import InvalidValueError
from crmkit.outreach.templates.filters import PUBLIC, TURN

NODES_LIMIT = 5000
"""Most parts of a template."""
DEPTH_LIMIT = 16
"""How deep its statements or its expressions may stand in one another."""
LOOP = frozenset({"first", "last", "index", "length"})
"""What a loop tells of itself."""
_RESERVED = frozenset({"self", "super", "caller", "varargs", "kwargs", "loop"})
_CONSTANTS = (str, int, float, bool, type(None))


def fail(line: int | None, why: str) -> NoReturn:
    """Refuse a template; the error names the line, 1 where it is not known."""
    line = line or 1
    message = f"template: line {line}: {why}"
    raise InvalidValueError(message, field="template", line=line, why=why)


@attrs.define
class Checked:
    """A template that says only what is allowed, with what it reads.

    Attributes:
        read: The variables it reads, with dots.
        tested: Those of them that may be missing, since it tests them or gives a default.
        weight: How many parts it has.
    """

    read: set[str] = attrs.field(factory=set)
    tested: set[str] = attrs.field(factory=set)
    weight: int = 0
    _loops: list[str] = attrs.field(factory=list)

    def count(self, node: nodes.Node, depth: int) -> None:
        """Count a part, and refuse one too many or too deep."""
        self.weight += 1
        if self.weight > NODES_LIMIT:
            fail(node.lineno, f"the template has more than {NODES_LIMIT} parts")
        if depth > DEPTH_LIMIT:
            fail(node.lineno, f"nested more than {DEPTH_LIMIT} deep")

    def statements(self, body: Sequence[nodes.Node], depth: int = 0) -> None:
        """Check statements one after another."""
        for node in body:
            self.count(node, depth)
            match node:
                case nodes.Output():
                    for part in node.nodes:
                        if not isinstance(part, nodes.TemplateData):
                            self.expression(part, 0)
                case nodes.If():
                    self.expression(node.test, 0)
                    for branch in (node.body, node.elif_, node.else_):
                        self.statements(branch, depth + 1)
                case nodes.For():
                    self.loop(node, depth)
                case _:
                    what = type(node).__name__.lower()
                    fail(node.lineno, f"{what} is not allowed: only text, {{{{ }}}}, if and for")

    def loop(self, node: nodes.For, depth: int) -> None:
        """Check a loop, and make it pay for its turns."""
        if node.recursive or node.test is not None or not isinstance(node.target, nodes.Name):
            fail(node.lineno, "for takes one name and one list: no recursion, no condition")
        if not isinstance(node.iter, (nodes.Name, nodes.Getattr, nodes.Getitem)):
            fail(node.lineno, "for goes through a variable only")
        self.name(node.target)
        self.expression(node.iter, 0)
        before = self.weight
        self._loops.append(node.target.name)
        self.statements(node.body, depth + 1)
        self._loops.pop()
        turn = nodes.Const((self.weight - before + 1) * TURN, lineno=node.lineno)
        node.iter = _own("_each", node.iter, turn)
        self.statements(node.else_, depth + 1)

    def expression(self, node: nodes.Node, depth: int, *, tested: bool = False) -> None:
        """Check an expression and what stands in it."""
        self.count(node, depth)
        match node:
            case nodes.Name() | nodes.Getattr() | nodes.Getitem():
                self.path(node, tested=tested)
            case nodes.Const():
                if type(node.value) not in _CONSTANTS:
                    fail(node.lineno, "only texts and numbers stand for themselves")
            case nodes.Neg(node=nodes.Const(value=int() | float())):
                pass
            case nodes.Filter():
                self.filter(node, depth)
            case nodes.Test(name="defined" | "undefined" | "none"):
                self.expression(node.node, depth + 1, tested=True)
            case nodes.Compare():
                self.comparison(node, depth)
            case nodes.And() | nodes.Or() | nodes.Not() | nodes.CondExpr():
                self.parts(node, depth)
            case _:
                what = type(node).__name__.lower()
                fail(node.lineno, f"{what} is not allowed in an expression")

    def parts(self, node: nodes.Node, depth: int) -> None:
        """Check what ``and``, ``or``, ``not`` and ``if ... else`` join."""
        if isinstance(node, nodes.CondExpr) and node.expr2 is None:
            fail(node.lineno, "an if within {{ }} needs an else")
        for part in node.iter_child_nodes():
            self.expression(part, depth + 1)

    def filter(self, node: nodes.Filter, depth: int) -> None:
        """Check a filter and its arguments."""
        if node.name not in PUBLIC:
            fail(node.lineno, f"there is no filter {node.name!r}; there are {', '.join(PUBLIC)}")
        if node.node is None or node.kwargs or node.dyn_args or node.dyn_kwargs:
            fail(node.lineno, f"{node.name} takes its values in order, without names or stars")
        self.expression(node.node, depth + 1, tested=node.name in ("d", "default"))
        for part in node.args:
            self.expression(part, depth + 1)

    def comparison(self, node: nodes.Compare, depth: int) -> None:
        """Check a comparison, and make it pay for what it compares."""
        self.expression(node.expr, depth + 1)
        node.expr = _own("_weighed", node.expr)
        for operand in node.ops:
            values = operand.expr
            if isinstance(values, (nodes.List, nodes.Tuple)):
                for item in values.items:
                    self.count(item, depth)
                    if not isinstance(item, nodes.Const):
                        fail(item.lineno, "a list in a template holds texts and numbers only")
            else:
                self.expression(values, depth + 1)
            operand.expr = _own("_weighed", values)

    def path(self, node: nodes.Node, *, tested: bool) -> None:
        """Check a variable and its parts, and note what it is called."""
        parts: list[str] = []
        place: nodes.Node = node
        while not isinstance(place, nodes.Name):
            self.count(place, len(parts))
            parts.append(self.part(place))
            place = place.node  # type: ignore[attr-defined]
        if place.name == "loop":
            if not self._loops or len(parts) != 1 or parts[0] not in LOOP:
                fail(
                    node.lineno, f"of a loop only {', '.join(sorted(LOOP))} can be read, within it"
                )
            return
        self.name(place)
        if place.name not in self._loops:
            called = ".".join([place.name, *reversed(parts)])
            self.read.add(called)
            if tested:
                self.tested.add(called)

    def part(self, node: nodes.Node) -> str:
        """Give the part of a variable that is read, where it may be."""
        key: object = None
        if isinstance(node, nodes.Getattr):
            key = node.attr
        elif isinstance(node, nodes.Getitem):
            match node.arg:
                case nodes.Const(value=key):
                    pass
                case nodes.Neg(node=nodes.Const(value=int() as place)):
                    key = -place
                case _:
                    pass
        if type(key) not in (str, int):
            fail(
                node.lineno, "a part is read by a name or a number that stands there, of a variable"
            )
        if str(key).startswith("_"):
            fail(node.lineno, f"{key}: no name begins with an underscore")
        return str(key)

    def name(self, node: nodes.Name) -> None:
        """Check the name of a variable."""
        name = node.name
        if name.startswith("_") or name in _RESERVED:
            fail(node.lineno, f"{name!r} is not allowed as a name")
        if unicodedata.normalize("NFKC", name) != name:
            fail(node.lineno, f"{name!r} has letters that look like others: write it plainly")


def _own(name: str, value: nodes.Expr, *more: nodes.Expr) -> nodes.Filter:
    return nodes.Filter(value, name, list(more), [], None, None, lineno=value.lineno)
