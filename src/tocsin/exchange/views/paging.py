"""A page for one caller: read, then decided again, then put together. What was decided before the read is not trusted at the send."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime

from django.conf import settings

from tocsin.exchange import actions, queries
from tocsin.exchange.rules.asking import Endpoint, Question
from tocsin.exchange.rules.marks import mark, read_mark
from tocsin.exchange.rules.renditions import Recipe
from tocsin.formats.taxii import written

_CONTENT = frozenset({Endpoint.OBJECTS, Endpoint.OBJECT})
#: A decision that changes again and again while a page is read; then nothing is served for now.
_MOST_TRIES = 5


@dataclass(slots=True)
class Page:
    """Entries in the order of their dates. ``given`` are those whose objects are in the envelope."""

    caller: queries.Caller
    view: queries.View
    rows: list[queries.Row]
    next_mark: str | None
    given: list[queries.Row] = field(default_factory=list)

    def envelope(self) -> bytes:
        """The objects' stored bytes, or their renditions where they may not go as they are."""
        recipes = self._recipes()
        plain = not recipes
        made = {} if plain else self._renditions(recipes)
        bodies = []
        for row in self.rows:
            key = None if plain else self._key(row)
            raw = row.raw if key is None else made[key, row.object_id]
            if raw:
                bodies.append(raw)
                self.given.append(row)
        return written(bodies, more=self.next_mark is not None, next_mark=self.next_mark)

    def shown_id(self, stix_id: str) -> str:
        """The id under which this caller sees an object."""
        return self._hidden.get(stix_id, stix_id) if self.caller.circle else stix_id

    def is_any(self, stix_id: str) -> bool:
        """Whether this caller may see any version of an object."""
        return queries.is_any(self.caller.viewer, self.view, stix_id)

    @property
    def _hidden(self) -> dict[str, str]:
        return queries.hidden_identities(self.caller.viewer, self.caller.party, self.caller.circle)

    def _recipe(self, row: queries.Row) -> Recipe:
        terms = self.view.visible.get(row.subject_id)
        return terms.recipe if terms is not None else Recipe(circle=self.caller.circle)

    def _key(self, row: queries.Row) -> str | None:
        recipe = self._recipe(row)
        return None if recipe.is_plain else queries.rendition_key(self.caller.viewer, self.caller.party, recipe)

    def _recipes(self) -> dict[str, Recipe]:
        """The recipes that this page needs, by their keys."""
        found = {self._recipe(row) for row in self.rows}
        return {
            queries.rendition_key(self.caller.viewer, self.caller.party, recipe): recipe
            for recipe in found
            if not recipe.is_plain
        }

    def _renditions(self, recipes: dict[str, Recipe]) -> dict[tuple[str, int], bytes]:
        wanted: dict[str, list[queries.Row]] = defaultdict(list)
        for row in self.rows:
            if (key := self._key(row)) is not None:
                wanted[key].append(row)
        ids = {key: [row.object_id for row in rows] for key, rows in wanted.items()}
        found = queries.renditions(self.caller.viewer, ids)
        missing = {key: [row for row in rows if (key, row.object_id) not in found] for key, rows in wanted.items()}
        if any(missing.values()):
            found |= actions.make_renditions(
                actor=self.caller.viewer, partner_id=self.caller.partner_id, recipes=recipes, wanted=missing
            )
        return found


def page_of(caller: queries.Caller, shown: queries.OpenCollection, question: Question, at: datetime) -> Page:
    """The page that a question asks for.

    It is read by what stood open when this process last looked, and every subject is decided again behind the read: if a suspended
    agreement or a narrower revision has come in between, it is read anew.
    """
    bound_to = b"|".join((caller.client_uid.bytes, shown.uid.bytes, question.digest()))
    key = str(settings.SECRET_KEY).encode()
    after = None if question.next is None else read_mark(key, bound_to, question.next)
    outlook = queries.kept_outlook(caller.viewer, caller.partner_id, caller.mark) or _outlook(caller, at)
    for _ in range(_MOST_TRIES):
        view = queries.View(shown.feed_id, shown.shape, outlook.visible, outlook.held, at)
        rows = queries.page(caller.viewer, view, question, after, with_raw=question.endpoint in _CONTENT)
        now = _outlook(caller, at)
        is_settled = now.visible == outlook.visible and now.held == outlook.held
        outlook = now
        if is_settled:
            break
    else:
        rows = []
    if outlook.narrowed:
        actions.close_standings(actor=caller.viewer, partner_id=caller.partner_id, standings=outlook.narrowed, at=at)
    is_more = len(rows) > question.limit
    rows = rows[: question.limit]
    return Page(caller, view, rows, mark(key, bound_to, rows[-1].date_added_us) if is_more else None)


def _outlook(caller: queries.Caller, at: datetime) -> queries.Outlook:
    return queries.outlook(caller.viewer, caller.partner_id, caller.party, caller.circle, caller.mark, at)
