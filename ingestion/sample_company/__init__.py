"""A company that never was, written as its systems would deliver it: see docs/sample-company.md for what is in it."""

from ingestion.sample_company.labels import Faults
from ingestion.sample_company.world import SampleRefused, Summary, write

__all__ = ["Faults", "SampleRefused", "Summary", "write"]
