"""Clauses in plain words, and the way from a clause to its line in the file."""

import re
from collections.abc import Mapping

from django import template
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tocsin.web.templatetags.components import visible

register = template.Library()

#: What a clause of a decision says; the first pattern that fits speaks.
_SAID: tuple[tuple[re.Pattern[str], str | Promise], ...] = tuple(
    (re.compile(pattern), said)
    for pattern, said in (
        (r"agreements", gettext_lazy("No agreement names both.")),
        (r"legal\.effective", gettext_lazy("The agreement is not in force at that time.")),
        (r"third_party\.originator_exclusions", gettext_lazy("Its originator excludes this recipient.")),
        (r"third_party\.default", gettext_lazy("It is somebody else's, who has not agreed to this.")),
        (r"ambiguity:tlp", gettext_lazy("Its TLP label cannot be read.")),
        (r"ambiguity:pap", gettext_lazy("Its PAP label cannot be read.")),
        (r"ambiguity:iep", gettext_lazy("Its exchange policy (IEP) cannot be read.")),
        (r"ambiguity:category", gettext_lazy("No category, or more than one, fits it.")),
        (r"ambiguity:type", gettext_lazy("Its type is not one of its category.")),
        (r"ambiguity:purpose", gettext_lazy("The purpose is unknown.")),
        (r"ambiguity:party", gettext_lazy("The recipient is not named in the agreement.")),
        (r"ambiguity:exclude", gettext_lazy("Whom its originator excludes cannot be read.")),
        (r"ambiguity:embargo", gettext_lazy("Until when it is under embargo cannot be read.")),
        (r"ambiguity:cell_size", gettext_lazy("How many hosts stand behind the count is unknown.")),
        (r"ambiguity:obtained_at", gettext_lazy("When it was obtained cannot be read.")),
        (r"ambiguity:text", gettext_lazy("Its text could not be searched for personal data.")),
        (r"ambiguity:personal_data", gettext_lazy("Which personal data it holds is unknown.")),
        (r"ambiguity:.*", gettext_lazy("Something about it is unknown, and unknown waits for a person.")),
        (r"communities\.[^.]+\.of", gettext_lazy("Only the circle's own party passes things on to it.")),
        (r"communities\.[^.]+\.tlp_max_in", gettext_lazy("Its label is stricter than the circle may receive.")),
        (r"parties\.[^.]+\.clearance_tlp", gettext_lazy("Its label is stricter than the recipient is cleared for.")),
        (r"marking\.derived", gettext_lazy("It bears the strictest label of everything that it is made of.")),
        (
            r"marking\.downgrade",
            gettext_lazy("Its label is milder than the one on record; only its originator may do that."),
        ),
        (r"purposes|prohibited_purposes", gettext_lazy("The agreement does not allow this purpose.")),
        (r"transport\.channels", gettext_lazy("The agreement has no channel for this way out.")),
        (r"transport\.clock_skew_max_s", gettext_lazy("It says that it was obtained in the future.")),
        (r"defaults\.retention_days|.*\.retention_days", gettext_lazy("It is older than it may be kept.")),
        (r"defaults\.pap|object\.pap", gettext_lazy("Its PAP label does not allow this use.")),
        (r".*\.start_date", gettext_lazy("Its exchange policy has not begun.")),
        (r".*\.end_date", gettext_lazy("Its exchange policy has ended.")),
        (r".*\.permitted_actions", gettext_lazy("Its exchange policy does not permit this use.")),
        (r".*\.affected_party_notifications", gettext_lazy("Its exchange policy forbids to tell those affected.")),
        (r".*iep\..*", gettext_lazy("Its exchange policy (IEP) decides.")),
        (r"categories\.[^.]+\.requires\.approval", gettext_lazy("A named approver has to agree.")),
        (r"categories\.[^.]+\.requires\.owner_consent", gettext_lazy("Its owner has to consent.")),
        (r"categories\.[^.]+\.requires\.case_id", gettext_lazy("It needs the number of a case.")),
        (r"categories\.[^.]+\.directions", gettext_lazy("The category does not go this way.")),
        (r"categories\.[^.]+\.tlp_max", gettext_lazy("Its label is stricter than the category's ceiling.")),
        (r"categories\.[^.]+\.k_anonymity", gettext_lazy("Too few hosts stand behind the count.")),
        (r"categories\.[^.]+\.embargo", gettext_lazy("It is under embargo.")),
        (r"categories\.[^.]+\.personal_data", gettext_lazy("The category takes personal data in, not out.")),
        (r"categories\.[^.]+\.onward\..+\.tlp_max", gettext_lazy("Its label is stricter than this circle's ceiling.")),
        (r"categories\.[^.]+\.onward\..+\.only", gettext_lazy("Only those who are affected may receive it.")),
        (r"categories\.[^.]+\.onward\..+\.delay_hours", gettext_lazy("This circle receives it later.")),
        (r"categories\.[^.]+\.onward\..+", gettext_lazy("What the category says about this circle.")),
        (r"categories\.[^.]+", gettext_lazy("The category covers it.")),
        (r"personal_data\.outbound.*", gettext_lazy("It holds personal data that may not go out as it is.")),
        (r"actor_attribution\.to_state", gettext_lazy("It names a state as the actor.")),
        (r"provider_credit.*", gettext_lazy("Its provider is to be credited.")),
    )
)


@register.simple_tag
def clause_words(clause: str) -> str:
    """What a clause of a decision says, in a sentence; nothing where there is none."""
    return str(next((said for pattern, said in _SAID if pattern.fullmatch(clause)), ""))


@register.filter
def spelled(text: str) -> str:
    """A line of somebody's file with its control and direction characters spelled out."""
    return visible(text)


@register.filter
def label(said: object) -> str:
    """A label as a subject has it; nothing where it could not be read."""
    return said.lower() if isinstance(said, str) else ""


@register.simple_tag
def line(lines: Mapping[str, int], *path: object) -> SafeString:
    """A link to the line in which a clause stands; nothing where the file is silent."""
    found = lines.get(".".join(map(str, path)))
    if found is None:
        return SafeString("")
    return format_html('<a class="line" href="#line-{}">{} <bdi dir="ltr">{}</bdi></a>', found, _("line"), found)
