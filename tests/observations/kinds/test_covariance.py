"""Hubble diagrams with the covariance matrix of their values, in one file or two."""

import gzip
import io
import zipfile
from io import StringIO

import h5py
import numpy as np
import pytest
from astropy.table import Column, Table

from astro_sbi.observations.containers.zipped import table_with_covariance
from astro_sbi.observations.encoding import decoded, encoded
from astro_sbi.observations.observation import ObservationError
from astro_sbi.observations.options import ReadOptions
from astro_sbi.observations.parsing import observation_of, parsed
from astro_sbi.observations.preparation import Preparation, prepare
from astro_sbi.observations.steps.cut import Cut
from astro_sbi.observations.steps.hubble_flow import HubbleFlow
from astro_sbi.observations.steps.step import Prepared, Report, Step, with_values
from astro_sbi.runs.observation_export import to_ecsv
from tests.observations.layouts import file, hdu, image

N = 12
#: Neither sorted nor all in the Hubble flow.
Z = np.array([0.3, 0.02, 0.5, 0.004, 0.1, 0.7, 0.05, 0.9, 0.2, 0.4, 0.08, 0.6])
MU = 43.3 + 5 * np.log10(Z)
SIGMA = np.linspace(0.1, 0.2, N)
#: Errors in common that fall off with the distance in redshift; each entry can be told from every other.
MATRIX = np.diag(0.8 * SIGMA**2) + 0.2 * np.outer(SIGMA, SIGMA) * np.exp(-np.abs(Z[:, None] - Z))
np.fill_diagonal(MATRIX, SIGMA**2)
CALIBRATES = np.arange(N) == 4


def table(mu=MU, sigma=SIGMA) -> bytes:
    rows = zip(range(N), Z, Z, mu, sigma, CALIBRATES.astype(int), strict=True)
    lines = [f"SN{i} {z:.6f} {z:.6f} {m:.6f} {s:.6f} {c}" for i, z, _, m, s, c in rows]
    return "\n".join(["CID zHD zHEL_ MU_SH0ES MU_SH0ES_ERR_DIAG IS_CALIBRATOR", *lines]).encode()


def matrix(values=MATRIX, *, counted: bool = True) -> bytes:
    numbers = [f"{value:.17g}" for value in np.ravel(values)]
    return "\n".join([*[str(len(values))] * counted, *numbers]).encode() + b"\n"


def zipped(covariance: bytes | None = None, rows: bytes | None = None) -> bytes:
    given = matrix() if covariance is None else covariance
    return table_with_covariance(("sn.dat", table() if rows is None else rows), ("sn.cov", given))[1]


def read(content: bytes, **options):
    return observation_of("sn", content, ReadOptions(**options))


def columns() -> dict[str, np.ndarray]:
    return {"z": Z, "mu": MU, "mu_err": SIGMA, "covariance": MATRIX}


def hdf5() -> bytes:
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as made:
        for name, values in columns().items():
            made[name] = values
    return buffer.getvalue()


def ecsv(delimiter: str) -> bytes:
    text = StringIO()
    Table({name: Column(values) for name, values in columns().items()}).write(text, format="ascii.ecsv", delimiter=delimiter)
    return text.getvalue().encode()


def beside() -> bytes:
    plain = {name: values for name, values in columns().items() if name != "covariance"}
    return file(hdu(plain), image(MATRIX, "COVARIANCE"))


FILES = {
    "zip": zipped(),
    "zip of gzip": table_with_covariance(("sn.dat", table()), ("sn.cov.gz", gzip.compress(matrix())))[1],
    "zip without a count": zipped(matrix(counted=False)),
    "fits column": file(hdu(columns())),
    "fits image": beside(),
    "hdf5": hdf5(),
    "ecsv": ecsv(" "),
    "ecsv with commas": ecsv(","),
}


@pytest.mark.parametrize("name", FILES)
def test_the_matrix_follows_the_rows_when_they_are_sorted(name):
    observation = read(FILES[name])
    order = np.argsort(Z)
    np.testing.assert_array_equal(observation.points.coordinate, Z[order])
    np.testing.assert_allclose(observation.points.noise.covariance, MATRIX[np.ix_(order, order)], rtol=1e-12)
    np.testing.assert_allclose(observation.points.noise.sigma, SIGMA[order], rtol=1e-12)
    assert "covariance" in observation.origin.columns
    assert not any("covariance" in sentence for sentence in observation.origin.warnings)


def test_rows_that_are_dropped_take_their_rows_and_columns_with_them():
    mu = MU.copy()
    mu[2] = np.nan
    observation = prepare(read(zipped(rows=table(mu))), Preparation((Cut(leave_out="0.35-0.45"), HubbleFlow()))).observation
    kept = [i for i in np.argsort(Z) if i != 2 and Z[i] > 0.01 and not 0.35 < Z[i] < 0.45 and not CALIBRATES[i]]
    np.testing.assert_array_equal(observation.points.coordinate, Z[kept])
    np.testing.assert_allclose(observation.points.noise.covariance, MATRIX[np.ix_(kept, kept)], rtol=1e-12)


@pytest.mark.slow
def test_a_large_ecsv_with_commas_is_not_taken_for_one_with_too_many_columns():
    size = 600
    made = Table({"z": np.linspace(0.1, 1, size), "mu": np.full(size, 40.0) + np.arange(size) % 2, "covariance": 0.01 * np.eye(size)})
    text = StringIO()
    made.write(text, format="ascii.ecsv", delimiter=",")
    assert read(text.getvalue().encode()).points.noise.covariance.shape == (size, size)


def test_the_hash_of_an_observation_tells_matrices_apart():
    other = MATRIX.copy()
    other[0, 1] = other[1, 0] = 0.99 * MATRIX[0, 1]
    hashes = {read(content).content_hash for content in (zipped(), zipped(matrix(other)), table())}
    assert len(hashes) == 3
    assert read(FILES["zip"]).content_hash == read(FILES["zip without a count"]).content_hash


def test_it_comes_back_from_the_child_and_from_ecsv():
    reading = parsed("sn.zip", zipped())
    again = decoded(encoded(reading)).observation
    assert again.content_hash == reading.observation.content_hash
    once_more = read(to_ecsv(again).encode())
    np.testing.assert_allclose(once_more.points.noise.covariance, again.points.noise.covariance, rtol=1e-12)


def test_systematic_errors_alone_are_added_to_those_of_the_table():
    systematic = 0.05 * MATRIX
    with pytest.raises(ObservationError, match=r"too small.*set read\.covariance=systematic"):
        read(zipped(matrix(systematic)))
    noise = read(zipped(matrix(systematic)), covariance="systematic").points.noise
    order = np.argsort(Z)
    np.testing.assert_allclose(noise.covariance, (systematic + np.diag(SIGMA**2))[np.ix_(order, order)], rtol=1e-5)


def test_errors_that_the_user_gives_take_the_place_of_the_matrix():
    observation = read(zipped(), error=0.3)
    assert observation.points.noise.covariance is None
    assert any("covariance" in sentence for sentence in observation.origin.warnings)


def changed(row: int, column: int, value: float) -> bytes:
    values = MATRIX.copy()
    values[row, column] = value
    return matrix(values)


WRONG = {
    "too short": (matrix()[:-200], "which make no covariance matrix of 12 x 12"),
    "another table's": (matrix(MATRIX[:-1, :-1]), "sn.cov is 11 x 11 and the table has 12 rows"),
    "not symmetric": (changed(1, 3, 0.5 * MATRIX[1, 3]), "not symmetric: row 2, column 4 is not row 4, column 2"),
    "not finite": (changed(1, 3, np.nan), "1 entries that are not finite"),
    "no variance": (changed(5, 5, 0.0), "0 on its diagonal in row 6"),
    "not definite": (matrix(np.outer(SIGMA, SIGMA) - 1e-4 * np.eye(N)), "not positive definite"),
    "no error of its own": (matrix(np.outer(SIGMA, SIGMA) + 1e-12 * np.eye(N)), "no error of its own"),
    "in other units": (matrix(1e4 * MATRIX), "does not belong to these errors"),
    "no matrix": (b"name z\na 1\n", "only those of a table and its covariance matrix are read"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_no_covariance_of_the_table_is_refused(name):
    content, says = WRONG[name]
    with pytest.raises(ObservationError, match=says):
        read(zipped(content))


def archive(files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as made:
        for name, content in files.items():
            made.writestr(name, content)
    return buffer.getvalue()


PAIR = {"a/sn.dat": table(), "a/sn.cov": matrix()}
ARCHIVES = {
    "damaged": (zipped()[:-30], "damaged"),
    "flipped": (zipped()[:400] + bytes([zipped()[400] ^ 0x55]) + zipped()[401:], "damaged"),
    "three files": (archive({**PAIR, "c.txt": b"x"}), "ZIP archive of 3 files"),
    "two tables": (archive({"a.dat": table(), "b.dat": table()}), "a table and its covariance matrix"),
    "a ZIP in it": (archive({"a.zip": zipped(), "a.cov": matrix()}), "a table and its covariance matrix"),
    "rare packing": (archive(PAIR, zipfile.ZIP_LZMA), "packed in a rare way"),
    "a bomb": (archive({"a.dat": bytes(70_000_000), "a.cov": matrix()}), "unpacks to more than 67 MB"),
}


@pytest.mark.parametrize("name", ARCHIVES)
def test_other_archives_are_refused(name):
    content, says = ARCHIVES[name]
    with pytest.raises(ObservationError, match=says):
        read(content)


def test_what_systems_leave_in_archives_does_not_count():
    content = archive({"a/": b"", **PAIR, "__MACOSX/a/._sn.dat": b"x", "a/.DS_Store": b"x"})
    assert read(content).content_hash == read(zipped()).content_hash


def test_packing_is_the_same_every_time_and_wants_two_files():
    assert zipped() == zipped()
    assert table_with_covariance(("a.dat", b"1"), ("b.cov", b"2"))[0] == "a.zip"
    with pytest.raises(ObservationError, match="the same name"):
        table_with_covariance(("a.dat", b"1"), ("a.dat", b"2"))


class Doubled(Step):
    """A step that knows nothing of covariances."""

    kinds, title = ("hubble_diagram",), "Double"

    def apply(self, prepared: Prepared, report: Report) -> Prepared:
        before = prepared.observation
        return Prepared(with_values(before, 2 * before.value, 2 * before.points.noise.sigma))


def test_a_step_that_would_lose_the_matrix_is_refused():
    with pytest.raises(ObservationError, match="the step 'Double' does not carry a covariance matrix"):
        prepare(read(zipped()), Preparation((Doubled(),)))
