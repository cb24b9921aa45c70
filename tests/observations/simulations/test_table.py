"""Tables of simulations: the same from every format, and one sentence for each that is none."""

import gzip
import re
import struct

import numpy as np
import pytest

from astro_sbi.observations.observation import ObservationError
from astro_sbi.observations.simulations.table import SimulationTable, TableOptions, read_observed, read_simulations
from tests.observations.simulations.made import (
    COMPONENTS,
    PARAMETERS,
    archive,
    csv,
    every_format,
    frame,
    hdf5,
    npy,
    npz,
    read_in_this_process,
    simulations,
)

THETA, X = simulations()


class Pickled:
    """What must never be made when a file is read."""

    def __reduce__(self):
        return (pytest.fail, ("it was unpickled",))


@pytest.fixture(autouse=True)
def here(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if "in_a_child" not in request.node.name:
        read_in_this_process(monkeypatch)


def refusal(name: str, content: bytes, **options: tuple[str, ...]) -> str:
    with pytest.raises(ObservationError) as refused:
        read_simulations(name, content, TableOptions(**options))
    sentence = str(refused.value)
    assert sentence.startswith(f"{name}: ")
    assert "\n" not in sentence
    return sentence


@pytest.mark.parametrize("name", ["table.npz", "table.h5", "table.parquet", "table.csv"])
def test_every_format_gives_the_same(name: str):
    table = read_simulations(name, every_format(THETA, X)[name])
    assert (table.parameters, table.columns, table.components) == (PARAMETERS, PARAMETERS, COMPONENTS)
    assert np.array_equal(table.theta, THETA)
    assert np.array_equal(table.x, X)
    assert (table.shape, table.total, table.guesses) == ((3,), 400, ())
    assert table.content_hash == read_simulations("table.npz", every_format(THETA, X)["table.npz"]).content_hash


@pytest.mark.slow
def test_files_are_parsed_in_a_child():
    assert len(read_simulations("table.npz", every_format(THETA, X)["table.npz"])) == 400
    with pytest.raises(ObservationError, match="pickled and never read"):
        read_simulations("table.npz", archive(theta=npy(np.array([Pickled()] * 3), allow_pickle=True), x=npy(X)))


def test_gzipped_tables_and_a_counting_column():
    table = read_simulations("table.csv.gz", gzip.compress(csv(frame(THETA, X))))
    assert table.components == COMPONENTS
    assert "counts the rows" in table.guesses[0]


def test_cubes_are_flattened_and_named_by_number():
    table = read_simulations("cube.npz", npz(theta=THETA, x=np.stack([X, -X], axis=1)))
    assert (table.parameters, table.shape, table.components) == (("theta_1", "theta_2"), (2, 3), tuple("123456"))
    assert np.array_equal(table.x[:, 3:], -X)
    assert "does not name its parameters" in table.guesses[0]


def test_names_from_the_user():
    named = read_simulations("table.npz", npz(theta=THETA, x=X), TableOptions(("mass", "age")))
    assert (named.parameters, named.guesses) == (("mass", "age"), ())
    content = csv(frame(THETA, X, ("M_tot", "Age")), index=False)
    told = read_simulations("table.csv", content, TableOptions(("age", "m_tot"), ("q", "p")))
    assert (told.parameters, told.columns, told.components) == (("age", "m_tot"), ("Age", "M_tot"), ("q", "p"))
    assert np.array_equal(told.theta, THETA[:, ::-1])


def test_a_parameter_that_is_left_out_is_no_simulated_number():
    content = every_format(THETA, X)
    for name in ("table.csv", "table.npz"):
        table = read_simulations(name, content[name], TableOptions(("theta_age",)))
        assert (table.parameters, table.components) == (("theta_age",), COMPONENTS)


def test_rows_that_are_not_finite_are_left_out_and_counted():
    x = X.copy()
    x[:3, 1] = np.nan
    table = read_simulations("table.csv", csv(frame(THETA, x), index=False))
    assert (len(table), table.total) == (397, 400)
    x[:90] = np.inf
    assert "90 of 400 simulations are not finite, more than 20%" in refusal("table.npz", npz(theta=THETA, x=x))


def bomb() -> bytes:
    return archive(theta=npy(np.zeros((300, 2))), x=npy(np.zeros((40_000_000, 1), np.uint8)))


def lying_member() -> bytes:
    return archive(theta=npy(THETA).replace(b"(400, 2)", b"(900, 2)"), x=npy(X))


def lying_sizes() -> bytes:
    """A member whose size in the archive's directory is not its own."""
    content, size = npz(theta=THETA, x=X), struct.pack("<L", len(npy(THETA)))
    return content.replace(size, struct.pack("<L", 2**31))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("content", "says"),
    [
        (lambda: archive(theta=npy(np.array([Pickled()] * 300), allow_pickle=True), x=npy(X)), "pickled and never read"),
        (bomb, "MB of memory and at most"),
        (lying_member, "where its shape asks for"),
        (lying_sizes, "of memory and at most|damaged"),
        (lambda: npz(theta=THETA[:10], x=X), r"theta has the shape \(10, 2\)"),
        (lambda: npz(theta=THETA[:3], x=X[:3]), "3 usable simulations, too few"),
        (lambda: npz(x=X), "no array called theta, only x"),
        (lambda: npz(a=X), "no array called theta or x"),
        (lambda: npz(theta=np.array([["a", "b"]] * 400), x=X), "theta holds no numbers"),
        (lambda: npz(theta=np.ones((400, 2)), x=X), "theta_1, theta_2 is the same in every row"),
        (lambda: npz(theta=np.ones((400, 40)), x=X), "40 parameters, and 1 to 32"),
        (lambda: npz(theta=THETA, x=np.ones((400, 5000))), "5000 numbers, and 1 to 4,096"),
        (lambda: npz(theta=THETA, x=X, theta_names=np.array(["a"])), "theta_names has 1 names for 2"),
        (lambda: npz(theta=THETA, x=X)[:2000], "NPZ file is damaged"),
        (lambda: b"PK\x03\x04" + bytes(60), "NPZ file is damaged"),
        (lambda: hdf5(theta=THETA, x=X)[:2000], "HDF5 file is damaged"),
        (lambda: hdf5(theta=THETA), "no array called x, only theta"),
        (lambda: csv(frame(THETA, X, ("a", "b")), index=False), r"none of its columns \(a, b, p, q, r\)"),
        (lambda: b"# A project\n\nIts words, and what they mean.\n", "no table of numbers|no number|rows"),
        (lambda: b"\x89PNG\r\n\x1a\n" + bytes(200), "it is a PNG picture"),
        (lambda: b"", "it is empty"),
    ],
)
def test_what_is_no_table_is_one_sentence(content, says):
    assert re.search(says, refusal("table.npz", content()))


def test_settings_that_name_nothing_are_one_sentence():
    content = csv(frame(THETA, X), index=False)
    assert "no column of numbers called mass" in refusal("table.csv", content, parameters=("mass",))
    assert "is named as a parameter and as simulated" in refusal(
        "table.csv", content, parameters=("theta_age",), components=("theta_age", "p")
    )
    assert "no parameter mass" in refusal("table.npz", every_format(THETA, X)["table.npz"], parameters=("mass",))


@pytest.fixture
def table() -> SimulationTable:
    return read_simulations("table.csv", csv(frame(THETA, X), index=False))


@pytest.mark.parametrize(
    ("content", "value", "guesses"),
    [
        (b"p,q,r\n1,2,3\n", [1, 2, 3], 0),
        (b"r,name,p,q\n3,star,1,2\n", [1, 2, 3], 0),
        (b"1\n2\n3\n", [1, 2, 3], 0),
        (b"i,value\n1,5\n2,6\n3,7\n", [5, 6, 7], 1),
        (b"a,b,c\n1,2,3\n", [1, 2, 3], 1),
        (npz(theta=THETA, x=X, x_observed=[1, 2, 3]), [1, 2, 3], 0),
        (npz(x=[[1, 2, 3]]), [1, 2, 3], 0),
        (hdf5(x=[1.0, 2.0, 3.0]), [1, 2, 3], 0),
    ],
)
def test_observations(table: SimulationTable, content: bytes, value: list[float], guesses: int):
    found = read_observed("observation", content, table)
    assert found.value.tolist() == value
    assert len(found.guesses) == guesses


def test_an_observation_under_names_that_are_numbers():
    places = ("400.0", "405.5", "411.0")
    table = read_simulations("table.csv", csv(frame(THETA, X, components=places), index=False))
    assert read_observed("observation.csv", b"400.0,405.5,411.0\n1,2,3\n", table).value.tolist() == [1, 2, 3]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"p,q\n1,2\n", "1 row of 2 numbers, and a simulated observation has 3"),
        (b"p,q,r\n1,2,\n", "no finite number for r"),
        (csv(frame(THETA, X), index=False), "it holds 400 observations"),
        (npz(theta=THETA, x=X), "x has the shape \\(400, 3\\) where a simulated observation has \\(3,\\); name the observation x_observed"),
        (npz(theta=THETA), "no array called x, only theta"),
    ],
)
def test_what_is_no_observation_is_one_sentence(table: SimulationTable, content: bytes, says: str):
    with pytest.raises(ObservationError, match=f"^observation: .*{says}"):
        read_observed("observation", content, table)
