"""Every feed of indicators and lists that is read from JSON or CSV exports, against its golden sample."""

from pathlib import Path

import pytest
from tests.formats.golden import check_sample

from tocsin.formats.feed import feeds

PROVIDERS = ("abusech", "cisa", "kaspersky", "misp", "stix")


@pytest.mark.parametrize("feed", [name for name in feeds() if name.partition("/")[0] in PROVIDERS])
def test_the_sample_is_read_as_its_golden_output_says(feed: str, samples: Path, is_blessing: bool) -> None:
    check_sample(feed, samples, is_blessing=is_blessing)
