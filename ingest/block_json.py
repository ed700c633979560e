"""Blocks as JSON values and back: how they travel over the sandbox's pipe, and how SQL keeps those of a passage."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ingest.documents import Block, BlockKind, Box, table_block


def block_to_json(block: Block) -> dict[str, Any]:
    """What is not said by default; places in tenths of a point. A table's text is not said: it is that of its cells."""
    row: dict[str, Any] = {"kind": block.kind.value, "page": block.page}
    if block.level:
        row["level"] = block.level
    if block.kind is BlockKind.TABLE:
        row["cells"] = [list(cells) for cells in block.cells]
        row["head"] = block.head
    else:
        row["text"] = block.text
    if block.boxes:
        row["boxes"] = [box_to_json(box) for box in block.boxes]
    return row


def block_from_json(row: Mapping[str, Any]) -> Block:
    """The inverse of `block_to_json`. Raises KeyError, TypeError or ValueError for anything else."""
    page, boxes = int(row["page"]), tuple(box_from_json(box) for box in row.get("boxes", ()))
    kind = BlockKind(row["kind"])
    if kind is BlockKind.TABLE:
        cells = [[str(cell) for cell in cells] for cells in row["cells"]]
        return table_block(cells, page=page, head=int(row["head"]), boxes=boxes)
    return Block(kind=kind, text=str(row["text"]), page=page, level=int(row.get("level", 0)), boxes=boxes)


def box_to_json(box: Box) -> list[float]:
    return [box.page, round(box.left, 1), round(box.top, 1), round(box.right, 1), round(box.bottom, 1)]


def box_from_json(row: list[float]) -> Box:
    page, left, top, right, bottom = row
    return Box(page=int(page), left=float(left), top=float(top), right=float(right), bottom=float(bottom))
