"""Tables of invented documents, and what is asked of their cells: values, extremes, differences, what is not there."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from data.make.invented import Block, InventedQuestion, marked, names_in


@dataclass(frozen=True, kw_only=True)
class Table:
    """Rows of (label, cell, …) under ``head`` (corner, column, …).

    ``owner`` and ``name`` begin the cells' keys, ``values`` are the cells as numbers where they can be compared.
    ``called`` gives other words for a row's or a column's label, used in questions; ``same`` the one name of a label
    that others spell otherwise.
    """

    owner: str
    name: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    caption: str = ""
    values: tuple[tuple[float, ...], ...] = ()
    called: Mapping[str, Sequence[str]] = field(default_factory=dict)
    same: Mapping[str, str] = field(default_factory=dict)

    def about(self, label: str) -> str:
        """What the row speaks of, whichever word it uses."""
        return f"{self.name}.{self.same.get(label, label)}"

    def key(self, row: int, column: int) -> str:
        """The key of a cell; column 0 is the row's label."""
        return f"{self.owner}|{self.about(self.rows[row][0])}|{self.head[column]}"


@dataclass(frozen=True, kw_only=True)
class TableForms:
    """Question forms with {row}, {col}, {of} and where two are compared {row2}, {col2}; any may be empty.

    ``cell``: the value; ``least`` and ``most``: the row that is lowest or highest in {col}; ``between``: which of two
    rows is higher; ``change``: the same row in two columns; ``difference``: two rows in one column; ``label``: the row
    that has {value}.
    """

    cell: Sequence[str] = ()
    most: Sequence[str] = ()
    least: Sequence[str] = ()
    between: Sequence[str] = ()
    change: Sequence[str] = ()
    difference: Sequence[str] = ()
    label: Sequence[str] = ()


def table_block(table: Table, rng: random.Random) -> Block:
    """The rows as a reader of PDFs gives them: cells parted by " | ", a currency sometimes in a cell of its own."""
    parted = rng.random() < 0.25
    lines = []
    for i, row in enumerate(table.rows):
        cells = [marked(table.key(i, j), cell) for j, cell in enumerate(row) if cell]
        line = " | ".join(cells)
        if parted:
            line = re.sub("\x03([$€£])(?=\\d)", lambda found: f"\x03{found[1]} | ", line)
        lines.append(line)
    head = " | ".join(cell for cell in table.head if cell)
    return Block(lines=tuple(lines), head=(table.caption, head) if table.caption else (head,))


def table_questions(
    table: Table,
    forms: TableForms,
    rng: random.Random,
    *,
    of: Sequence[str] = (),
    names: Sequence[str] = (),
    count: int = 6,
    columns: Sequence[int] | None = None,
    absent_rows: Sequence[str] = (),
    absent_columns: Sequence[str] = (),
    context: Mapping[str, str] | None = None,
) -> list[InventedQuestion]:
    """``count`` questions of the table's cells and, of ``absent_rows`` and ``absent_columns``, some without an answer.

    ``columns``: those that are asked about (default all). A table that is compared as a whole has to stand in one
    passage to count as evidence.
    """
    asked: list[InventedQuestion] = []
    chosen = list(columns or range(1, len(table.head)))
    rows = range(len(table.rows))

    def say(label: str) -> str:
        return rng.choice([label, *table.called.get(label, ())])

    def ask(
        form: str,
        answers: Sequence[str],
        needs: Sequence[str],
        kind: str,
        row: str = "",
        column: str = "",
        absent: str = "",
        **more: str,
    ) -> None:
        named = bool(of) and "{of}" in form and rng.random() < 0.6
        text = form.format_map(
            {
                **(context or {}),
                "row": say(row),
                "col": say(column),
                "of": rng.choice(list(of)) if named else "",
                **more,
            }
        )
        asked.append(
            InventedQuestion(
                text=text[:1].upper() + text[1:] if rng.random() < 0.8 else text,
                form=form,
                answers=tuple(answers),
                needs=tuple(needs),
                names=names_in(text, names) if named else (),
                about=table.about(row) if row else table.name,
                kind=kind,
                absent=absent,
            )
        )

    for _ in range(count):
        kinds = [(name, getattr(forms, name)) for name in TableForms.__dataclass_fields__ if getattr(forms, name)]
        name, choices = rng.choice([kinds[0], *kinds]) if kinds else ("", ())
        if not name:
            break
        form, i, j = rng.choice(list(choices)), rng.choice(rows), rng.choice(chosen)
        label, column = table.rows[i][0], table.head[j]
        if name == "cell":
            ask(form, [table.key(i, j)], [table.key(i, j)], "cell", label, column)
        elif name == "label":
            value = table.rows[i][j]
            if [row[j] for row in table.rows].count(value) == 1:
                ask(form, [table.key(i, 0)], [table.key(i, 0), table.key(i, j)], "label", "", column, value=value)
        elif name in {"most", "least"} and table.values:
            cells = [row[j - 1] for row in table.values]
            best = (max if name == "most" else min)(cells)
            if cells.count(best) == 1:
                whole = [table.key(k, j) for k in rows]
                ask(form, [table.key(cells.index(best), 0)], whole, name, "", column)
        elif name in {"between", "difference"} and table.values and len(table.rows) > 1:
            k = rng.choice([k for k in rows if k != i])
            if table.values[i][j - 1] != table.values[k][j - 1]:
                both = [table.key(i, j), table.key(k, j)]
                winner = i if table.values[i][j - 1] > table.values[k][j - 1] else k
                answers = [table.key(winner, 0)] if name == "between" else both
                ask(form, answers, [*both, *answers], name, label, column, row2=say(table.rows[k][0]))
        elif name == "change" and len(chosen) > 1:
            k = rng.choice([k for k in chosen if k != j])
            both = [table.key(i, j), table.key(i, k)]
            ask(form, both, both, "change", label, column, col2=say(table.head[k]))
    for label in rng.sample(list(absent_rows), min(2, len(absent_rows))):
        if forms.cell:
            ask(rng.choice(list(forms.cell)), (), (), "not here", label, table.head[rng.choice(chosen)], label)
    for column in rng.sample(list(absent_columns), min(2, len(absent_columns))):
        if forms.cell:
            label = table.rows[rng.choice(rows)][0]
            ask(rng.choice(list(forms.cell)), (), (), "not here", label, column, column)
    return asked
