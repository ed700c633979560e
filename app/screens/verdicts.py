"""The verdict on the rerankers, where the application offers one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.show import verdict

if TYPE_CHECKING:
    from app.wiring import Application


def draw_verdict(app: Application) -> None:
    """Draws `application.verdict()` when there is such a function and it gives a Verdict; otherwise nothing."""
    make = getattr(app, "verdict", None)
    found = make() if make else None
    if isinstance(found, verdict.Verdict):
        verdict.draw(found)
