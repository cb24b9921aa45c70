"""What the form says of the file at hand."""

from astro_sbi.observations.observation import Origin
from astro_sbi.ui.observation_form import columns_in_words


def test_columns_stand_in_the_order_of_their_roles_and_unknown_roles_behind():
    columns = {"weather": "seeing", "value": "flux", "airmass": "X", "coordinate": "time"}
    assert columns_in_words(Origin("a.csv", "0", "light curve", columns=columns)) == (
        "coordinate from time, value from flux, airmass from X, weather from seeing"
    )
