"""Charts as Vega-Lite specifications. Beside every chart stand its numbers as a table, which works without JavaScript."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

#: Told apart by people with any colour vision (Okabe and Ito 2008), and dark or light enough for both themes.
PALETTE = ("#0072b2", "#e69f00", "#009e73", "#d55e00", "#56b4e9", "#cc79a7", "#999999")


@dataclass(frozen=True, slots=True)
class Chart:
    """What to draw and the same as rows. ``height`` is in CSS pixels; the width is that of the page."""

    title: str
    spec: Mapping[str, Any]
    columns: Sequence[str]
    rows: Sequence[Sequence[Any]]
    height: int = field(default=180)


def by_day(
    title: str, counts: Iterable[tuple[date, str, int]], columns: tuple[str, str, str], height: int = 180
) -> Chart:
    """Stacked bars, one a day, from ``(day, series, count)``. ``columns`` names the three in the reader's language."""
    rows = [(day, str(series), count) for day, series, count in counts]
    day_name, series_name, count_name = columns
    spec = {
        "data": {"values": [{"day": day.isoformat(), "series": series, "count": count} for day, series, count in rows]},
        "mark": {"type": "bar", "cornerRadiusEnd": 2},
        "encoding": {
            "x": {"field": "day", "type": "ordinal", "axis": {"title": None, "labelAngle": 0, "labelOverlap": True}},
            "y": {"field": "count", "type": "quantitative", "axis": {"title": None, "tickCount": 4, "format": ",d"}},
            "color": _color(sorted({series for _, series, _ in rows})),
            "tooltip": [
                {"field": "day", "title": day_name},
                {"field": "series", "title": series_name},
                {"field": "count", "title": count_name, "format": ",d"},
            ],
        },
    }
    return Chart(title, spec, columns, rows, height)


def bars(title: str, counts: Iterable[tuple[str, int]], columns: tuple[str, str]) -> Chart:
    """Lying bars, the longest first, from ``(label, count)``. ``columns`` names the two in the reader's language."""
    rows = sorted(((str(label), count) for label, count in counts), key=lambda row: (-row[1], row[0]))
    spec = {
        "data": {"values": [{"label": label, "count": count} for label, count in rows]},
        "mark": {"type": "bar", "cornerRadiusEnd": 2, "color": PALETTE[0]},
        "encoding": {
            "y": {"field": "label", "type": "nominal", "sort": None, "axis": {"title": None, "labelLimit": 220}},
            "x": {"field": "count", "type": "quantitative", "axis": {"title": None, "tickCount": 4, "format": ",d"}},
            "tooltip": [
                {"field": "label", "title": columns[0]},
                {"field": "count", "title": columns[1], "format": ",d"},
            ],
        },
    }
    return Chart(title, spec, columns, rows, height=max(60, 30 * len(rows)))


def _color(series: Sequence[str]) -> dict[str, Any]:
    scale = {"domain": list(series), "range": [PALETTE[i % len(PALETTE)] for i in range(len(series))]}
    legend = {"title": None, "orient": "bottom"} if len(series) > 1 else None
    return {"field": "series", "type": "nominal", "scale": scale, "legend": legend}
