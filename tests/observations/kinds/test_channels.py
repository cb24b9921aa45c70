"""Bands and instruments: names in an order of their own."""

import numpy as np
import pytest

from astro_sbi.observations.containers.table import Column, Table
from astro_sbi.observations.kinds.channels import channels_of, present
from astro_sbi.observations.observation import ObservationError


def table(cells, name="band", *others):
    columns = (Column(name), *(Column(other) for other in others))
    return Table(columns, (np.array(cells), *(np.ones(len(cells)) for _ in others)))


def test_bands_stand_from_blue_to_red():
    index, names = channels_of(table(["r", "g", "z", "r"]), 0, "flux")
    assert names == ("g", "r", "z")
    assert index.tolist() == [1, 0, 2, 1]


def test_other_names_stand_in_order_of_the_alphabet():
    assert channels_of(table(["HIRES", "HARPS"]), 0, "flux")[1] == ("HARPS", "HIRES")


def test_no_column_is_one_channel():
    index, names = channels_of(table(["r", "g"]), None, "flux")
    assert (names, index.tolist()) == (("flux",), [0, 0])
    assert channels_of(table([0.1, 0.2]), 0, "flux")[1] == ("flux",)


def test_filters_that_surveys_number():
    assert channels_of(table([1, 2], "fid"), 0, "flux")[1] == ("ZTF g", "ZTF r")
    assert channels_of(table([1, 4], "filterID", "psfFlux"), 0, "flux")[1] == ("g", "z")
    assert channels_of(table([1, 4], "filterid"), 0, "flux")[1] == ("1", "4")


def test_names_are_printable():
    assert channels_of(table(["a\nb", ""]), 0, "flux")[1] == ("unnamed", "a b")


def test_too_many_are_refused():
    with pytest.raises(ObservationError, match=r"70 different values.*choose another column"):
        channels_of(table([f"x{number}" for number in range(70)]), 0, "flux")


def test_channels_that_lost_their_rows_go():
    index, names = present(np.array([2, 0, 2], np.int32), ("a", "b", "c"))
    assert (index.tolist(), names) == ([1, 0, 1], ("a", "c"))
