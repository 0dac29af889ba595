"""The components of the console. Every one stands with all its states on ``/components/``."""

import json
import re
from datetime import datetime
from itertools import count
from typing import Any

from django import template
from django.forms import BoundField
from django.http import HttpRequest
from django.template.context import RequestContext
from django.templatetags.static import static
from django.utils import timezone, translation
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from tocsin.web import navigation, words
from tocsin.web.charts import Chart
from tocsin.web.paging import Page, Walk

register = template.Library()
#: Up to so many characters a value stays on one line; a longer one may be broken after the marks that it is made of.
#: An IPv4 address is never broken: a dot or a dash only before a letter.
_SHORT = 17
_BREAKS = re.compile(r"(?<=[:/@?&=_])|(?<=[.-])(?=[a-z])", re.IGNORECASE)
_ids = count(1)

#: Control characters, invisible ones and those that turn the direction of text: a log line may use them to deceive its reader.
_DECEIVING = re.compile("[\x00-\x08\x0a-\x1f\x7f-\x9f\u00ad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]")


def visible(text: object) -> str:
    """Text from outside with its control and direction characters spelled out (``\\u202e``); a tab stays."""
    return _DECEIVING.sub(lambda found: f"\\u{ord(found[0]):04x}", str(text))


@register.simple_tag
def icon(name: str, css: str = "") -> SafeString:
    """A drawing beside words; screen readers skip it."""
    return format_html(
        '<svg class="icon {}" aria-hidden="true" focusable="false"><use href="{}#{}"></use></svg>',
        css,
        static("web/vendor/icons.svg"),
        name,
    )


@register.simple_tag
def num(value: int | None) -> SafeString:
    """A whole number with separated thousands; a dash where there is none."""
    return format_html('<bdi class="num" dir="ltr">{}</bdi>', "–" if value is None else f"{value:,}")


@register.simple_tag
def raw(value: object, css: str = "") -> SafeString:
    """A value from outside (address, name, hash, reference): left to right, wrapped anywhere, deceiving characters spelled out."""
    if value in (None, ""):
        return mark_safe('<span class="text-secondary">–</span>')
    text = visible(value)
    pieces = [text] if len(text) <= _SHORT else _BREAKS.split(text)
    width = "raw-long" if max(map(len, pieces)) > 2 * _SHORT else ""
    body = format_html_join(mark_safe("<wbr>"), "{}", ((piece,) for piece in pieces))
    return format_html('<bdi class="{}" dir="ltr">{}</bdi>', " ".join(filter(None, ("raw", width, css))), body)


@register.simple_tag
def when(moment: datetime | None, css: str = "") -> SafeString:
    """A moment in the nation's time zone, to the minute; the full UTC time on hover."""
    if moment is None:
        return mark_safe('<span class="text-secondary">–</span>')
    local = timezone.localtime(moment)
    return format_html(
        '<time class="num {}" datetime="{}" title="{}"><bdi dir="ltr">{}</bdi></time>',
        css,
        moment.isoformat(),
        f"{moment.astimezone(timezone.get_fixed_timezone(0)):%Y-%m-%d %H:%M:%S} UTC",
        f"{local:%Y-%m-%d %H:%M}",
    )


@register.simple_tag
def pill(kind: str, value: object, title: str = "") -> SafeString:
    """A word with a colour: ``kind`` is ``tlp``, ``pap``, ``severity``, ``state``, ``type``, ``role`` or ``plain``."""
    if value in (None, ""):
        return SafeString("")
    slug = str(getattr(value, "value", value))
    return format_html(
        '<span class="pill pill-{} pill-{}-{}"{}>{}</span>',
        kind,
        kind,
        re.sub(r"[^a-z0-9]+", "-", slug.lower()).strip("-"),
        format_html(' title="{}"', title) if title else "",
        words.word(kind, slug),
    )


@register.simple_tag
def word(kind: str, value: object) -> str:
    """The name of a value of our vocabulary in the reader's language."""
    return str(words.word(kind, str(getattr(value, "value", value)))) if value not in (None, "") else "–"


@register.simple_tag
def evidence(line: object, value: object = "", place: object = "") -> SafeString:
    """A line of a log as it was, the match marked wherever it stands; above it the place (file and line number)."""
    text, sought = visible(line), visible(value)
    pieces = re.split(f"({re.escape(sought)})", text, flags=re.IGNORECASE) if sought else [text]
    marked = format_html_join("", "{}", ((_marked(piece) if at % 2 else piece,) for at, piece in enumerate(pieces)))
    where = '<figcaption title="{}"><bdi dir="ltr">{}</bdi></figcaption>'
    head = format_html(where, visible(place), _tail(visible(place))) if place else ""
    return format_html('<figure class="evidence">{}<pre dir="ltr" tabindex="0">{}</pre></figure>', head, marked)


def _tail(path: str) -> str:
    """The last two parts of a long path; the whole of it is shown on hover."""
    parts = path.split("/")
    return path if len(parts) <= 3 else f"…/{'/'.join(parts[-2:])}"


def _marked(piece: str) -> SafeString:
    return format_html("<mark>{}</mark>", piece)


@register.simple_tag(takes_context=True)
def query(context: RequestContext, **changes: Any) -> str:
    """The address of this page with some parameters changed: ``{% query page=2 %}``; ``None`` takes one away.

    Whatever changes a list leads back to its first page.
    """
    request: HttpRequest = context["request"]
    parameters = request.GET.copy()
    for place in {"page", "after"} - changes.keys():
        parameters.pop(place, None)
    for name, value in changes.items():
        if value is None:
            parameters.pop(name, None)
        else:
            parameters[name] = str(value)
    encoded = parameters.urlencode()
    return f"?{encoded}" if encoded else request.path


@register.simple_tag(takes_context=True)
def without(context: RequestContext, name: str) -> str:
    """The address of this page without one parameter."""
    return query(context, **{name: None})


@register.inclusion_tag("web/parts/paging.html", takes_context=True)
def paging(context: RequestContext, page: Page | Walk) -> dict[str, Any]:
    """How many rows there are and the way to the others."""
    return {"page": page, "is_walk": isinstance(page, Walk), "request": context["request"]}


@register.inclusion_tag("web/parts/filters.html", takes_context=True)
def filters(context: RequestContext, form: Any, label: str = "") -> dict[str, Any]:
    """Search box and filters of the list ``#list``; with JavaScript it changes while one types."""
    return {"form": form, "label": label, "request": context["request"]}


@register.inclusion_tag("web/parts/accounts.html")
def accounts(books: Any) -> dict[str, Any]:
    """The books of a delivery: received = kept + duplicate + rejected, drawn to scale, and said aloud if they do not balance."""
    whole = books.received or 1
    parts = [
        (kind, getattr(books, kind), round(1000 * getattr(books, kind) / whole))
        for kind in ("kept", "duplicate", "rejected")
    ]
    balanced = books.received == books.kept + books.duplicate + books.rejected
    return {"books": books, "parts": parts, "rejected_from": parts[0][2] + parts[1][2], "is_balanced": balanced}


@register.inclusion_tag("web/parts/chart.html")
def chart(drawn: Chart) -> dict[str, Any]:
    """A chart with its numbers as a table beneath."""
    return {"chart": drawn, "id": f"chart-{next(_ids)}", "has_numbers": any(row[-1] for row in drawn.rows)}


@register.inclusion_tag("web/parts/panels.html", takes_context=True)
def panels(context: RequestContext, page: str, key: object) -> dict[str, Any]:
    """What rooms above add to this page (``navigation.Panel``)."""
    return {"panels": navigation.panels(context["viewer"], page, str(key))}


@register.simple_tag
def named(english: str | None, urdu: str | None = "") -> SafeString:
    """A proper name in the reader's language, in English where there is none."""
    own = urdu if translation.get_language() == "ur" else english
    return format_html("<bdi>{}</bdi>", own or english or "–")


@register.inclusion_tag("web/parts/field.html")
def field(bound: BoundField, hint: str = "") -> dict[str, Any]:
    """A form field with label, help and errors tied to it for screen readers."""
    kind = "choices" if bound.widget_type == "checkboxselectmultiple" else getattr(bound.field.widget, "input_type", "")
    css = {"select": "form-select", "checkbox": "form-check-input", "choices": "", "hidden": ""}.get(
        kind, "form-control"
    )
    described = [f"{bound.auto_id}-help"] if hint or bound.help_text else []
    if bound.errors:
        css, described = f"{css} is-invalid", [f"{bound.auto_id}-error", *described]
    attributes: dict[str, str | bool] = {"class": css.strip()}
    if described:
        attributes["aria-describedby"] = " ".join(described)
    return {"field": bound, "widget": bound.as_widget(attrs=attributes), "kind": kind, "hint": hint or bound.help_text}


@register.inclusion_tag("web/parts/empty.html")
def empty(title: str, hint: str = "", icon_name: str = "inbox") -> dict[str, str]:
    """Nothing to show, and what to do about it."""
    return {"title": title, "hint": hint, "icon_name": icon_name}


@register.inclusion_tag("web/parts/progress.html")
def progress(done: int, of: int | None, label: str) -> dict[str, Any]:
    """How far something is; ``of`` is ``None`` while nobody knows."""
    return {"done": done, "of": of, "label": label}


@register.filter
def get(row: Any, name: str) -> Any:
    """``row.name`` for names known only at run time."""
    return row.get(name) if hasattr(row, "get") else getattr(row, name, None)


@register.simple_tag
def json_pretty(value: Any) -> SafeString:
    """A structure as indented text, in its own scrolling box."""
    return format_html('<pre class="json" dir="ltr" tabindex="0">{}</pre>', visible_lines(value))


def visible_lines(value: Any) -> str:
    """Indented JSON with every deceiving character spelled out, line by line."""
    text = json.dumps(value, ensure_ascii=False, indent=2, default=str)
    return "\n".join(visible(line) for line in text.split("\n"))
