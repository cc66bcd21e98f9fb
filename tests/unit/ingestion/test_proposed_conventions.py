"""The settings that docs/conventions.yaml proposes for other engines can be copied as they stand."""

from pathlib import Path

from ingestion.formats import catalogue
from tests.unit.ingestion.delivered import records, rejects, source

PROPOSED = Path(__file__).parents[3] / "docs" / "conventions.yaml"


def test_the_catalogue_accepts_the_settings_proposed_for_other_engines(tmp_path):
    text = PROPOSED.read_text("utf-8")
    read = list(catalogue.read(source(tmp_path, "conventions.yaml", text), "conventions"))
    assert rejects(read) == []
    systems = [record["billing_system"] for record in records(read)]
    assert systems == ["lago", "openmeter", "killbill", "flexprice", "meteroid"]
