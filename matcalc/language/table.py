"""Parse tables: a Lark grammar compiled once, kept on disk, and run by a small LALR machine.

Lark does what takes thought, turning a grammar into an LALR(1) table; running a table takes ten lines. Doing that here
means that a process that finds its table on disk never imports Lark (60 ms), and that a reduction costs half a
microsecond instead of five (Lark hashes the rule at every step), which is most of the time of reading a short formula.
"""

from __future__ import annotations

import marshal
import os
import re
import stat
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any, Final, NamedTuple

END: Final = "$END"

_FORMAT: Final = 1
"""Of the file on disk; to be raised whenever `Table` or how it is compiled changes."""


class Token(NamedTuple):
    """One word of the language: its terminal, its canonical spelling and its place."""

    kind: str
    value: str
    start: int
    end: int


class Table(NamedTuple):
    """What a machine needs to read a language.

    Attributes:
        states: for each state, what to do at a terminal or after a nonterminal: go to state k (k ≥ 0) or apply rule ~k.
        starts: for each start symbol, the state to start in and the state in which the symbol is complete.
        rules: nonterminal, number of symbols and action of each rule; the action "" hands the only symbol on.
        pattern: a regular expression with one named group for each terminal.
    """

    states: tuple[dict[str, int], ...]
    starts: dict[str, tuple[int, int]]
    rules: tuple[tuple[str, int, str], ...]
    pattern: str


class UnexpectedTokenError(Exception):
    """A token that cannot stand where it stands; `parse` turns it into a message."""

    def __init__(self, token: Token, expected: frozenset[str]) -> None:
        super().__init__(token.kind)
        self.token = token
        self.expected = expected


def run(table: Table, start: str, tokens: Iterable[Token], actions: object) -> Any:
    """Read `tokens`, of which the last is END, as the start symbol `start`.

    `actions` has a method for each action name; it receives the list of values of the rule's symbols.
    """
    states, starts, rules, _ = table
    state, complete = starts[start]
    methods: list[Callable[[list[Any]], Any] | None] = [getattr(actions, name) if name else None for _, _, name in rules]
    stack = [state]
    values: list[Any] = []
    for token in tokens:
        kind = token[0]
        while True:
            step = states[state].get(kind)
            if step is None:
                raise UnexpectedTokenError(token, frozenset(symbol for symbol in states[state] if symbol.isupper()))
            if step >= 0:
                stack.append(step)
                values.append(token)
                state = step
                break
            origin, size, _ = rules[~step]
            method = methods[~step]
            if method is None:  # a single symbol that is handed on: its value stays where it is
                stack.pop()
            else:
                values[-size:] = [method(values[-size:])]
                del stack[-size:]
            state = states[stack[-1]][origin]
            stack.append(state)
            if state == complete and kind == END:
                return values[-1]
    raise AssertionError("the tokens must end with END")


@cache
def load_table(name: str, starts: tuple[str, ...], made: tuple[str, ...]) -> tuple[Table, re.Pattern[str]]:
    """The table of the grammar file `name` and its compiled pattern; `made` are terminals that no rule mentions."""
    grammar = _grammar_directory().joinpath(f"{name}.lark").read_text(encoding="utf-8")
    key = (_FORMAT, grammar, starts, made)
    directory = _cache_directory()
    path = directory and directory / f"{name}-{sys.version_info[0]}{sys.version_info[1]}.table"
    table = _read(path, key) if path else None
    if table is None:
        table = compile_table(grammar, starts, made)
        if path:
            _write(path, key, table)
    return table, re.compile(table.pattern)


def compile_table(grammar: str, starts: tuple[str, ...], made: tuple[str, ...] = ()) -> Table:
    """The table of a grammar, by Lark."""
    from lark import Lark  # noqa: PLC0415 - costs 60 ms, and is not needed when the table is on disk

    class Kept:
        """Tells Lark to keep the terminals that are read from the text but that no rule mentions."""

        always_accept = made

        def process(self, stream: Any) -> Any:
            return stream

    options: dict[str, Any] = {"start": list(starts), "postlex": Kept(), "maybe_placeholders": False}
    parser: Any = Lark(grammar, parser="lalr", lexer="basic", **options)
    raw = parser.parser.parser._parse_table
    numbers = {state: number for number, state in enumerate(raw.states)}
    rules: dict[Any, int] = {}
    states: list[dict[str, int]] = []
    for steps in raw.states.values():
        row: dict[str, int] = {}
        for symbol, (action, target) in steps.items():
            if action.name == "Shift":
                row[str(symbol)] = numbers[target]
            else:
                row[str(symbol)] = ~rules.setdefault(target, len(rules))
        states.append(row)
    terminals = sorted(parser.terminals, key=lambda t: (-t.priority, -t.pattern.max_width, -len(t.pattern.value), t.name))
    return Table(
        tuple(states),
        {start: (numbers[raw.start_states[start]], numbers[raw.end_states[start]]) for start in starts},
        tuple(
            (
                str(rule.origin.name),
                len(rule.expansion),
                str(rule.alias or ("" if rule.options.expand1 and len(rule.expansion) == 1 else rule.origin.name)),
            )
            for rule in rules
        ),
        "|".join(f"(?P<{t.name}>{t.pattern.to_regexp()})" for t in terminals if t.pattern is not None),
    )


def _grammar_directory() -> Path:
    """Where the grammar files are: in the installed package, else beside it in the checkout."""
    package = Path(__file__).parent.parent
    inside = package / "grammar"
    return inside if inside.is_dir() else package.parent / "grammar"


def _cache_directory() -> Path | None:
    """A directory for tables that only this user can write to, or None: a table decides what a text means."""
    try:
        base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
        directory = Path(base) / "matcalc"
        if not directory.is_absolute():
            return None
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        status = directory.stat()
    except (OSError, RuntimeError, ValueError):
        return None
    if hasattr(os, "getuid") and (status.st_uid != os.getuid() or status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)):
        return None
    return directory


def _read(path: Path, key: tuple[Any, ...]) -> Table | None:
    """The table on disk if it is that of this very grammar. `marshal`, unlike `pickle`, runs no code."""
    try:
        with path.open("rb") as file:
            if hasattr(os, "getuid") and os.fstat(file.fileno()).st_uid != os.getuid():
                return None
            found, fields = marshal.loads(file.read())
        return Table(*fields) if found == key else None
    except (OSError, EOFError, ValueError, TypeError):
        return None


def _write(path: Path, key: tuple[Any, ...], table: Table) -> None:
    """Put the table on disk at one stroke, so that processes that start at once never see half a file."""
    temporary = path.with_suffix(f".{os.getpid()}")
    with suppress(OSError):
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(marshal.dumps((key, tuple(table))))
            os.replace(temporary, path)
        except OSError:
            with suppress(OSError):
                os.unlink(temporary)
            raise
