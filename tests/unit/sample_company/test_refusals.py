from __future__ import annotations

import pytest

from ingestion import sample_company
from ingestion.sample_company import SampleRefused


@pytest.mark.parametrize(("scale", "months", "word"), [(0, 3, "scale"), (1, 1, "months"), (1, 14, "months")])
def test_a_world_that_cannot_be_is_refused(tmp_path, scale, months, word):
    with pytest.raises(SampleRefused, match=word):
        sample_company.write(1, scale, months, tmp_path)
    assert not list(tmp_path.iterdir())


def test_an_unknown_choice_of_faults_is_refused(tmp_path):
    with pytest.raises(SampleRefused, match="all, few, none"):
        sample_company.write(1, 1, 3, tmp_path, "some")


def test_the_same_sample_may_be_written_again(tmp_path):
    first = sample_company.write(5, 1, 2, tmp_path / "out")
    assert sample_company.write(5, 1, 2, tmp_path / "out") == first


def test_another_sample_in_the_folder_is_not_mixed_in(tmp_path):
    sample_company.write(5, 1, 2, tmp_path / "out")
    with pytest.raises(SampleRefused, match="holds another sample"):
        sample_company.write(6, 1, 2, tmp_path / "out")


def test_a_folder_of_something_else_is_left_alone(tmp_path):
    (tmp_path / "letters.txt").write_text("mine")
    with pytest.raises(SampleRefused, match="not empty"):
        sample_company.write(5, 1, 2, tmp_path)
