"""Values of a mapping: templates, products, cases, times, compiled once and called for each row."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import attrs

from crmkit.capture.conditions import cell_text, condition
from crmkit.capture.exact import Fault, show
from crmkit.capture.mapping import Getter, Mapping, flag, listed, near, text, zone_of
from crmkit.capture.numbers import Writing, product
from crmkit.capture.templates import OCCURRENCE, Piece, pieces
from crmkit.capture.times import Times, time_forms
from crmkit.capture.turns import as_json, negated, otherwise, replaced
from crmkit.errors import MappingError

_WHAT = frozenset("column template product cases".split())
_OPTIONS = _WHAT | frozenset("negate replace default time_format timezone".split())
EXACT = frozenset({"amount", "margin", "quantity", "rating"})
"""Fields of a record that are numbers, and are kept as they are written."""
_FREE = frozenset({"attributes", "custom"})  # any JSON: a number there is one, and can be measured
_TIMES = frozenset({"at", "birthday"})
WRITTEN = ("at", *sorted(EXACT))
"""Fields of a record that a mapping may say how they are written."""


@attrs.define
class Compiler:
    """Compiles the values of one mapping against the columns of one file.

    Attributes:
        mapping: The mapping.
        column: Gives the getter of a column, by name; raises MappingError where there is none.
    """

    mapping: Mapping
    column: Callable[[str], Getter]
    _writing: Writing = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        """Learn how numbers are written."""
        self._writing = Writing(self.mapping.decimal, self.mapping.thousands, self.mapping.signs)

    def value(self, spec: Any, field: str) -> Getter:
        """Compile one value.

        Args:
            spec: Text with ``{Column}`` in it; a constant; a list of cases or of values; or a
                table with ``column``, ``template``, ``product`` or ``cases`` and what is done to
                it.
            field: Field it is for: it says whether a number or an instant is wanted.
        """
        if isinstance(spec, list) and not all(isinstance(one, dict) for one in spec):
            parts = [self.value(one, field) for one in spec]
            return lambda row: [found for part in parts if (found := part(row)) is not None] or None
        if isinstance(spec, list):
            return self._cases(spec, field)
        if isinstance(spec, dict):
            return self._table(spec, field)
        if isinstance(spec, str):
            return self._read(self._template(spec), {}, field)
        return lambda _row: spec

    def section(self, spec: dict[str, Any], field: str = "") -> Callable[[Any], dict[str, Any]]:
        """Compile a table of values; those that are missing in a row are left out of it."""
        makers = [(name, self.value(one, field or name)) for name, one in spec.items()]

        def make(row: Any) -> dict[str, Any]:
            return {name: found for name, get in makers if (found := get(row)) is not None}

        return make

    def test(self, spec: Any) -> Getter:
        """Compile a condition."""
        return condition(spec, self.column, self.number)

    def number(self, value: Any) -> Decimal:
        """Read a number as the mapping writes numbers; raises InvalidOperation for others."""
        return self._writing.number(value)

    # -- shapes of a value ----------------------------------------------------------------

    def _table(self, spec: dict[str, Any], field: str) -> Getter:
        for key in spec:
            if key not in _OPTIONS:
                raise MappingError(
                    f"{field}: unknown key {key!r}{near(key, _OPTIONS)}", field=field
                )
        if len(_WHAT & set(spec)) != 1:
            message = f"{field} needs one of `column`, `template`, `product` and `cases`"
            raise MappingError(message, field=field)
        get = self._taken(spec, field)
        if "replace" in spec:
            get = replaced(get, spec["replace"])
        if "default" in spec:
            get = otherwise(get, spec["default"])
        if "template" in spec or "column" in spec:
            get = self._read(get, spec, field)
        turned = flag("negate", spec.get("negate", False))
        return self._worked_out(negated(get, field), field) if turned else get

    def _taken(self, spec: dict[str, Any], field: str) -> Getter:
        """Compile what a table takes its value from."""
        if "product" in spec:
            return self._worked_out(self._product(spec["product"], field), field)
        if "cases" in spec:
            return self._cases(spec["cases"], field)
        if "column" in spec:
            return self.column(text("column", spec["column"]))
        return self._template(spec["template"])

    def _worked_out(self, get: Getter, field: str) -> Getter:
        """Give a number as its field keeps it: exactly as text, or as JSON does."""
        return as_json(get) if field in _FREE else get

    def _cases(self, cases: Any, field: str) -> Getter:
        compiled: list[tuple[Getter | None, Getter]] = []
        for case in listed("cases", cases):
            if not isinstance(case, dict) or "value" not in case or set(case) - {"when", "value"}:
                raise MappingError(f"{field}: a case is {{ when = ..., value = ... }}", field=field)
            test = self.test(case["when"]) if "when" in case else None
            compiled.append((test, self.value(case["value"], field)))

        def choose(row: Any) -> Any:
            for test, get in compiled:
                if test is None or test(row):
                    return get(row)
            return None

        return choose

    def _product(self, factors: Any, field: str) -> Getter:
        if not isinstance(factors, list) or not factors:
            raise MappingError(f"{field}: product needs a list of factors", field=field)
        getters = [self._template(factor) for factor in factors]

        def multiply(row: Any) -> str | None:
            values = [get(row) for get in getters]
            if None in values:
                return None
            try:
                return product(map(self.number, values))
            except ArithmeticError:
                raise self._no_number(field, next(filter(self._odd, values), values)) from None

        return multiply

    def _odd(self, value: Any) -> bool:
        """Tell whether a value is no number that can be kept."""
        try:
            product([self.number(value)])
        except ArithmeticError:
            return True
        return False

    def _no_number(self, field: str, value: Any) -> Fault:
        return Fault(field, f"must be {self._writing.told()}, got {show(value)}")

    def _template(self, template: Any) -> Getter:
        """Compile text with columns in it; one whose columns are all empty is missing."""
        if not isinstance(template, str):
            return lambda _row: template
        parts = pieces(template)
        names = [name for _, name in parts if name is not None]
        if not names:
            ((constant, _),) = parts
            return lambda _row: constant
        if len(parts) == 1 and not parts[0][0]:
            return self.column(names[0])
        if OCCURRENCE in names:
            return self._counted(template, parts)
        return self._filled(parts)

    def _filled(self, parts: list[Piece]) -> Getter:
        """Put the columns of a row between the texts of a template."""
        getters = [(before, None if name is None else self.column(name)) for before, name in parts]
        constant = all(get is None for _, get in getters)

        def fill(row: Any) -> str | None:
            whole = ""
            missing = not constant
            for before, get in getters:
                whole += before
                if get is not None and (value := get(row)) is not None:
                    missing = False
                    whole += cell_text(value)
            return None if missing else whole

        return fill

    def _counted(self, template: str, parts: list[Piece]) -> Getter:
        """Compile a template with ``{#}``, which tells apart what would be the same otherwise."""
        place = [name for _, name in parts].index(OCCURRENCE)
        after = "".join(behind for behind, _ in parts[place + 1 :])
        if any(name is not None for _, name in parts[place + 1 :]):
            message = f"{{#}} must be the last column of {template!r}"
            raise MappingError(message, field=template)
        get = self._filled([*parts[:place], (parts[place][0], None)])
        within = self._within(self.mapping.within)
        seen: dict[str, int] = {}
        here: list[Any] = [None]

        def count(row: Any) -> str | None:
            before = get(row)
            now = within(row)
            if now != here[0]:
                seen.clear()
                here[0] = now
            if before is None:
                return None
            seen[before] = number = seen.get(before, 0) + 1
            return f"{before}{number}{after}"

        return count

    def _within(self, template: str | None) -> Getter:
        """Compile what occurrences are counted within; without one, all rows are the same."""
        if template is None:
            return lambda _row: ""
        if any(name == OCCURRENCE for _, name in pieces(template)):
            raise MappingError("within is what {#} counts in, and cannot hold it", field="within")
        return self._template(template)

    def _read(self, get: Getter, spec: dict[str, Any], field: str) -> Getter:
        """Read a cell as its field needs: a number or an instant as the mapping writes them."""
        if field in _TIMES:
            forms = time_forms(spec.get("time_format", self.mapping.time_format))
            zone = zone_of(spec["timezone"]) if "timezone" in spec else self.mapping.zone
            return Times(get, field, forms, zone)
        if field not in EXACT:
            return get
        writing = self._writing

        def number(row: Any) -> Any:
            value = get(row)
            if not isinstance(value, str):
                return value
            try:
                return writing.plain(value)
            except ArithmeticError:
                raise self._no_number(field, value) from None

        return number
