"""The pairs of the misp-stix project, MISP beside STIX 2.1: where ours differs from theirs, field by field, and why.

The table of reasons is exact in both directions: a difference without a reason fails, and so does a reason without a difference.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson
import pytest

from tocsin.formats.misp.from_stix import from_stix
from tocsin.formats.misp.losses import leaves, same, shown_path
from tocsin.formats.misp.to_stix import to_stix

pytestmark = pytest.mark.real

_EVENT = {
    "uuid": "a6ef17d6-91cb-4a05-b10b-2f045daf874c",
    "info": "sample",
    "timestamp": "1603642920",
    "Orgc": {"uuid": "a0c22599-9e58-4da4-96ac-7051603fa951", "name": "MISP-Project"},
}

#: (case, STIX type, property): regular expressions, and why ours is another there.
_ATTRIBUTES: dict[tuple[str, str, str], str] = {
    (r".*", "observed-data", "x_misp_unsaid"): "their attribute does not say to_ids; ours says that it did not",
    (r".*", "observed-data", "x_misp_comment"): "theirs loses the comment",
    (r"vulnerability", "vulnerability", "description"): "theirs loses the comment",
    (r"AS|port|size-in-bytes|ip-...\|port", "indicator", "pattern"): "an integer never equals a text (§9.6)",
    (r"hostname\|port", "indicator", "pattern"): "two types within one observation never match (§9.5)",
    (r"hostname\|port", "observed-data", "object_refs"): "in another order: what refers first, then what it refers to",
    (r"email-header", "indicator", "pattern"): "received_lines is a list, which needs an index (§9.7)",
    (r"email-reply-to|email-x-mailer", "indicator", "pattern"): "the key is Reply-To in their own observable",
    (
        r"regkey(\|value)?",
        "indicator",
        "pattern",
    ): "the hive in full, as in the observable; values needs an index; % is no sign to escape",
    (r"regkey(\|value)?", "windows-registry-key", "key"): "the hive must be fully expanded (§6.17)",
    (r"regkey(\|value)?", "(indicator|observed-data)", "x_misp_value"): "as the attribute spells the hive",
    (
        r".*sha512/2..",
        "(indicator|file)",
        "(pattern|hashes.*)",
    ): "SHA-512/256 is not SHA-256: nobody must look it up as such",
    (
        r"(filename\|)?sha(224|384|3-224|3-384)",
        "file",
        "hashes.*",
    ): "one algorithm, one name, in patterns and observables",
    (r"sigma|snort|suricata|yara", "indicator", "pattern"): "a rule is no STIX pattern: brackets would break it",
    (r"sigma|snort|suricata|yara", "indicator", "pattern_version"): "2.1 is no version of that language",
    (
        r"malware-sample",
        "(indicator|file|observed-data)",
        "(pattern|content_ref|object_refs|x_misp_data)",
    ): "their data is cut ([...]), so no base64",
    (r"malware-sample", "artifact", ""): "their data is cut ([...]), so no base64",
    (r"malware-sample", "(indicator|observed-data)", "x_misp_malware_filename"): "theirs loses it",
}

_GALAXIES: dict[tuple[str, str, str], str] = {
    (r".*", ".*", "object_marking_refs"): "the cluster is custom and its distribution says: your organisation only",
    (r".*", ".*", "x_misp_cluster.x_misp_(default|distribution)"): "theirs loses it",
    (r".*", ".*", r"x_misp_galaxy.x_misp_(description|uuid|unsaid)"): "theirs loses the galaxy's description and UUID",
    (
        r"Sector|Country|Regions UN M49",
        "(identity|location)",
        "description",
    ): "the galaxy's description is not the cluster's",
    (r"Country", "location", "x_misp_[A-Z].*"): "a property's name has small letters only (§3.1)",
    (r"Country", "location", r"x_misp_galaxy_meta\..*"): "so they stand in a dictionary",
    (r"Country|Regions UN M49", "location", r"x_misp_cluster.x_misp_value"): "theirs loses MISP's spelling of the name",
    (r"Regions UN M49", "location", r"x_misp_galaxy_meta\..*"): "MISP has no such field for a region",
    (r"Threat Actor", "threat-actor", "x_misp_cfr-type-of-incident"): "a property's name has no hyphen (§3.1)",
    (r"Threat Actor", "threat-actor", r"x_misp_galaxy_meta\.cfr-type-of-incident"): "so it stands in a dictionary",
    (
        r"Malware|Intrusion Set|Tool",
        ".*",
        r"x_misp_(galaxy_meta\.)?synonyms",
    ): "theirs loses the synonym that is the name",
    (r"STIX 2.0 .*", ".*", r"x_misp_labels|x_misp_galaxy_meta\..*"): "theirs loses that they were labels",
    (
        r"Branded Vulnerability",
        "vulnerability",
        r"x_misp_(aliases|galaxy_meta\..*)",
    ): "theirs loses that it was an alias",
}

_BACK: dict[tuple[str, str, str], str] = {
    (r".*", "Attribute", "disable_correlation"): "MISP's default",
    (r".*", "Attribute", "distribution"): "said, so that no instance's default makes it wider",
    (r".* Indicator", "Attribute", "object_relation"): "an attribute outside an object has no relation",
    (r".*", "Attribute", "(first|last)_seen"): "the same time, with the microseconds that MISP writes",
    (r".*", "Galaxy", r"GalaxyCluster.GalaxyElement.*"): "the same as meta, a second time",
    (r".*", "Galaxy", r"GalaxyCluster.(default|distribution)"): "the STIX object does not say it",
    (r".*", "Galaxy", "description"): "the STIX object does not say it, and MISP knows its own galaxies",
    (r"identity", "Galaxy", r"GalaxyCluster.(meta|description)"): "an empty object says nothing",
    (r"tool", "Galaxy", "name"): "as the label says it",
    (r"malware", "Galaxy", r"GalaxyCluster.meta.is_family"): "theirs is the default of a required property",
    (r"malware|intrusion-set", "Galaxy", r"GalaxyCluster.meta.synonyms"): "the STIX object does not say it",
    (r"threat-actor", "Galaxy", r"GalaxyCluster.meta.cfr.*"): "the STIX property has lost the hyphens",
    (
        r"vulnerability",
        "Galaxy",
        r"GalaxyCluster.meta.(aliases|external_id)",
    ): "a reference by number is an external_id, as everywhere else",
}


def _pairs(real_data: Path, name: str) -> dict[str, Any]:
    found: dict[str, Any] = orjson.loads((real_data / "misp" / "misp-stix-mapping" / f"{name}.json").read_bytes())
    return found


def _differences(theirs: Mapping[str, Any], ours: Mapping[str, Any] | None) -> set[str]:
    """The properties (positions in lists left out) whose leaves differ; ``""`` where ours is not there at all."""
    if ours is None:
        return {""}
    one, other = dict(leaves(theirs)), dict(leaves(ours))
    paths = {keys for keys in {**one, **other} if not (keys in one and keys in other and same(one[keys], other[keys]))}
    return {shown_path(tuple(key for key in keys if not isinstance(key, int))) for keys in paths}


class _Reasons:
    """A table of reasons, and which of them were needed."""

    def __init__(self, table: Mapping[tuple[str, str, str], str]) -> None:
        self.table, self.used, self.missing = table, set[tuple[str, str, str]](), list[tuple[str, str, str]]()

    def explain(self, case: str, kind: str, theirs: Mapping[str, Any], ours: Mapping[str, Any] | None) -> None:
        for name in _differences(theirs, ours):
            known = [
                row
                for row in self.table
                if all(re.fullmatch(*pair) for pair in zip(row, (case, kind, name), strict=True))
            ]
            self.used.update(known)
            if not known:
                self.missing.append((case, kind, name))

    def settle(self) -> None:
        assert not self.missing
        assert self.used == self.table.keys(), "a reason without a difference"


def test_attributes_are_the_objects_of_the_examples(real_data: Path) -> None:
    reasons = _Reasons(_ATTRIBUTES)
    agreed = 0
    for case, pair in _pairs(real_data, "misp_attributes_to_stix21").items():
        theirs = pair["STIX"] if isinstance(pair["STIX"], list) else [pair["STIX"]]
        seen = {one["id"]: one for one in to_stix({**_EVENT, "Attribute": [pair["MISP"]]}).objects}
        wanted = {
            one["id"]: one for one in to_stix({**_EVENT, "Attribute": [{**pair["MISP"], "to_ids": True}]}).objects
        }
        for one in theirs:
            if one["type"] == "relationship":
                # They keep observed data beside every indicator. Nobody has observed anything: we say one or the other.
                assert one["relationship_type"] == "based-on"
                continue
            ours = (wanted if one["type"] == "indicator" else seen).get(one["id"])
            agreed += ours is not None
            reasons.explain(case, one["type"], one, ours)
    reasons.settle()
    assert agreed == 230


def test_galaxies_are_the_objects_of_the_examples(real_data: Path) -> None:
    reasons = _Reasons(_GALAXIES)
    for case, pair in _pairs(real_data, "misp_galaxies_to_stix21").items():
        ours = {one["id"]: one for one in to_stix({**_EVENT, "Galaxy": [pair["MISP"]]}).objects}
        reasons.explain(case, pair["STIX"]["type"], pair["STIX"], ours[pair["STIX"]["id"]])
    reasons.settle()


def test_what_others_made_of_no_event_becomes_the_attributes_of_the_examples(real_data: Path) -> None:
    reasons = _Reasons(_BACK)
    for case, forms in _pairs(real_data, "external_stix21_to_misp_attributes").items():
        for form, pair in forms.items():
            given = pair["STIX"] if isinstance(pair["STIX"], list) else [pair["STIX"]]
            event = from_stix(given).event or {}
            first, *more = event["Attribute"]
            assert [one["type"] for one in more] == (["email-dst-display-name"] if case == "email-dst" else [])
            reasons.explain(f"{case} {form}", "Attribute", pair["MISP"], first)
    for case, pair in _pairs(real_data, "stix21_to_misp_galaxies").items():
        (galaxy,) = (from_stix([pair["STIX"]]).event or {})["Galaxy"]
        reasons.explain(case, "Galaxy", pair["MISP"], galaxy)
    reasons.settle()


#: Their STIX where reading it back cannot give the attribute that it was made of.
_UNREADABLE = {
    ("regkey|value", "indicator"): "they escape % too",
    **{(kind, "indicator"): "they put the rule in brackets" for kind in ("sigma", "snort", "suricata", "yara")},
}


@pytest.mark.parametrize("form", ["indicator", "observed-data"])
def test_the_attributes_of_the_examples_come_back_out_of_their_stix(real_data: Path, form: str) -> None:
    for case, pair in _pairs(real_data, "misp_attributes_to_stix21").items():
        theirs = pair["STIX"] if isinstance(pair["STIX"], list) else [pair["STIX"]]
        is_indicator = form == "indicator"
        given = [
            one for one in theirs if one["type"] != "relationship" and (one["type"] == "indicator") is is_indicator
        ]
        if not given or (case, form) in _UNREADABLE:
            continue
        (found,) = (from_stix(given).event or {})["Attribute"]
        keys = ("uuid", "type", "value", "category", "timestamp")
        assert {key: found.get(key) for key in keys} == {key: pair["MISP"].get(key) for key in keys}


def test_both_forms_of_an_attribute_together_are_one_attribute(real_data: Path) -> None:
    pair = _pairs(real_data, "misp_attributes_to_stix21")["domain"]
    (found,) = (from_stix(pair["STIX"]).event or {})["Attribute"]
    assert found["to_ids"] is True
