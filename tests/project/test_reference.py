"""The page that describes the API shows every operation."""

import pytest
from tests.cast import browser_of, cast

from tocsin.project.reference import description

__all__ = ["cast"]


@pytest.mark.django_db
@pytest.mark.usefixtures("cast")
def test_every_operation_stands_on_the_page_of_the_api() -> None:
    shown = browser_of("luqman").get("/api/v1/docs/").content.decode()
    assert len(description()["paths"]) > 20
    assert [path for path in description()["paths"] if path not in shown] == []
