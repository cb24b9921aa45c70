"""Tables of simulations in every format that is read."""

import io
import zipfile

import h5py
import numpy as np
import pandas as pd
import pytest

PARAMETERS, COMPONENTS = ("theta_mass", "theta_age"), ("p", "q", "r")


def simulations(rows: int = 400, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Parameters drawn from unit normals, and three sums of them with noise."""
    rng = np.random.default_rng(seed)
    theta = rng.normal(size=(rows, 2))
    return theta, theta @ np.array([[1.0, 0.5, 0.0], [0.0, 0.5, 1.0]]) + 0.5 * rng.normal(size=(rows, 3))


def npz(**arrays: np.ndarray) -> bytes:
    stream = io.BytesIO()
    np.savez_compressed(stream, **arrays)
    return stream.getvalue()


def archive(**members: bytes) -> bytes:
    """A ZIP of members as they are."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as written:
        for name, content in members.items():
            written.writestr(f"{name}.npy", content)
    return stream.getvalue()


def npy(array: np.ndarray, **options: bool) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array, **options)
    return stream.getvalue()


def hdf5(**arrays) -> bytes:
    stream = io.BytesIO()
    with h5py.File(stream, "w") as file:
        for name, array in arrays.items():
            file[name] = array
    return stream.getvalue()


def frame(theta: np.ndarray, x: np.ndarray, parameters=PARAMETERS, components=COMPONENTS) -> pd.DataFrame:
    return pd.DataFrame(np.hstack([theta, x]), columns=[*parameters, *components])


def parquet(table: pd.DataFrame) -> bytes:
    stream = io.BytesIO()
    table.to_parquet(stream)
    return stream.getvalue()


def csv(table: pd.DataFrame, **options: bool) -> bytes:
    return table.to_csv(**options).encode()


def every_format(theta: np.ndarray, x: np.ndarray, parameters=PARAMETERS, components=COMPONENTS) -> dict[str, bytes]:
    """The same simulations in files of every format."""
    names = {"theta_names": np.array(parameters), "x_names": np.array(components)}
    texts = {name: list(map(str, array)) for name, array in names.items()}
    table = frame(theta, x, parameters, components)
    return {
        "table.npz": npz(theta=theta, x=x, **names),
        "table.h5": hdf5(theta=theta, x=x, **texts),
        "table.parquet": parquet(table),
        "table.csv": csv(table, index=False),
    }


def read_in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """A child takes a second to start, and gives the same."""
    from astro_sbi.observations.simulations import table, worker

    monkeypatch.setattr(table, "answer_of", lambda module, request, limits: worker.answer(request))
