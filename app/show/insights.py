"""The figures of the journal as charts and small tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from app.show.figures import Lift, Percentiles, Week
from app.show.passage import stage_name

if TYPE_CHECKING:
    import altair


def thumbs_chart(weeks: Sequence[Week]) -> altair.Chart:
    """Stacked bars a week: thumbs up, thumbs down, not judged."""
    import altair as alt
    import pandas as pd

    rows = [
        {"week": week.monday.isoformat(), "judgement": name, "questions": count}
        for week in weeks
        for name, count in (
            ("thumbs up", week.up),
            ("thumbs down", week.down),
            ("no thumb", week.asked - week.up - week.down),
        )
    ]
    # The theme's categorical colours are ink, ochre, grey: good, bad and unknown in the reader's order.
    order = ["thumbs up", "thumbs down", "no thumb"]
    chart: altair.Chart = (
        alt.Chart(pd.DataFrame(rows))
        .mark_bar(cornerRadiusEnd=2)
        .encode(
            x=alt.X("week:O", title="week from", axis=alt.Axis(labelAngle=0, labelOverlap=True)),
            y=alt.Y("questions:Q", title="questions", axis=alt.Axis(tickMinStep=1, format="d")),
            color=alt.Color(
                "judgement:N", scale=alt.Scale(domain=order), sort=order, legend=alt.Legend(orient="bottom", title=None)
            ),
            tooltip=["week", "judgement", "questions"],
        )
        .properties(height=240)
    )
    return chart


def latency_chart(rows: Sequence[Percentiles]) -> altair.LayerChart:
    """A bar to the median and a tick at p95, per stage."""
    import altair as alt
    import pandas as pd

    frame = pd.DataFrame(
        {
            "stage": [stage_name(row.stage) for row in rows],
            "median": [row.p50 for row in rows],
            "p95": [row.p95 for row in rows],
            "questions": [row.count for row in rows],
        }
    )
    y = alt.Y("stage:N", sort=None, title=None, axis=alt.Axis(domain=False, ticks=False))
    tooltip = [
        alt.Tooltip("stage:N"),
        alt.Tooltip("median:Q", format=".0f", title="median (ms)"),
        alt.Tooltip("p95:Q", format=".0f", title="p95 (ms)"),
        alt.Tooltip("questions:Q"),
    ]
    bar = (
        alt.Chart(frame)
        .mark_bar(height=16, cornerRadiusEnd=3)
        .encode(y=y, x=alt.X("median:Q", title="milliseconds: bar to the median, tick at p95"), tooltip=tooltip)
    )
    tick = alt.Chart(frame).mark_tick(thickness=2, size=20).encode(y=y, x="p95:Q", tooltip=tooltip)
    chart: altair.LayerChart = (bar + tick).properties(height=32 * len(rows) + 40)
    return chart


def lift_chart(found: Lift) -> altair.Chart:
    """How many evidence passages moved up or down, by how many places."""
    import altair as alt
    import pandas as pd

    frame = pd.DataFrame({"lift": list(found.lifts)})
    chart: altair.Chart = (
        alt.Chart(frame)
        .mark_bar(cornerRadiusEnd=2)
        .encode(
            x=alt.X("lift:Q", bin=alt.Bin(maxbins=24, minstep=1), title="places won by reranking (negative: lost)"),
            y=alt.Y("count():Q", title="passages", axis=alt.Axis(tickMinStep=1, format="d")),
            tooltip=[alt.Tooltip("lift:Q", bin=alt.Bin(maxbins=24, minstep=1), title="places"), "count()"],
        )
        .properties(height=220)
    )
    return chart
