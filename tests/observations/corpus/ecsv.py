"""ECSV whose header lies, grows or asks for Python objects."""

from __future__ import annotations

from collections.abc import Iterator

from tests.observations.corpus import text
from tests.observations.corpus.case import Bait, Case, Content, Expected

_Case = tuple[str, Content, Expected, str]
_UNCLEAR = "ECSV header"
COLUMNS = "# - {name: time, unit: d, datatype: float64}\n# - {name: flux, datatype: float64}\n# - {name: flux_err, datatype: float64}\n"


def ecsv(columns: str = COLUMNS, more: str = "", *, head: str = "time,flux,flux_err", rows: str | None = None) -> bytes:
    """A table of times, fluxes and errors under another header."""
    start = "# %ECSV 1.0\n# ---\n# delimiter: ','\n# datatype:\n"
    return f"{start}{columns}{more}{head}\n{text.rows() if rows is None else rows}".encode()


def unit(written: str, column: str = "time") -> bytes:
    """The table with another unit."""
    return ecsv(COLUMNS.replace(", unit: d", "").replace(f"name: {column},", f"name: {column}, unit: {written},"))


def _objects() -> Iterator[_Case]:
    for number, tag in enumerate(
        (
            "!!python/object/apply:os.system ['touch canary']",
            "!!python/object/new:subprocess.Popen [['touch', 'canary']]",
            "!!python/name:os.system",
            "!!python/module:os",
            "!!python/object:builtins.object {}",
            "!astropy.table.Table {}",
            "!numpy.ndarray {buffer: !!binary 'AAAA', dtype: O, shape: [1000000000]}",
        )
    ):
        words = _UNCLEAR if "python" in tag else ""
        yield f"object-{number}.ecsv", lambda tag=tag: ecsv(more=f"# meta: {{a: {tag}}}\n"), "refused" if words else "read", words
    popen = "# meta: !!omap\n# - __serialized_columns__:\n#     flux:\n#       __class__: subprocess.Popen\n#       args: [touch, canary]\n"
    yield "mixin-popen.ecsv", lambda: ecsv(more=popen), "read", ""
    yield "mixin-eval.ecsv", lambda: ecsv(more=popen.replace("subprocess.Popen", "builtins.eval")), "read", ""
    yield "mixin-text.ecsv", lambda: ecsv(more="# meta: {__serialized_columns__: nonsense}\n"), "read", ""
    times = "# meta:\n#   __serialized_columns__:\n#     t:\n#       __class__: astropy.time.core.Time\n#       format: jd\n"
    loop = times + "#       jd1: !astropy.table.SerializedColumn {name: time}\n#       jd2: !astropy.table.SerializedColumn {name: time}\n"
    yield "mixin-of-itself.ecsv", lambda: ecsv(more=loop), "read", ""


def _yaml() -> Iterator[_Case]:
    bomb = "#   a0: &a0 [x, x, x, x, x, x, x, x, x]\n"
    bomb += "".join(f"#   a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 9))
    yield "aliases.ecsv", lambda: ecsv(more=f"# meta:\n{bomb}"), "refused", "alias"
    yield "alias-of-itself.ecsv", lambda: ecsv(more="# meta: &a [*a]\n"), "refused", "alias"
    yield "merge.ecsv", lambda: ecsv(more="# meta:\n#   a: &a {b: 1}\n#   c: {<<: *a}\n"), "refused", "alias"
    yield "brackets-100-thousand.ecsv", lambda: ecsv(more=f"# meta: {'[' * 100_000}\n"), "refused", _UNCLEAR
    yield "brackets-1000.ecsv", lambda: ecsv(more=f"# meta: {'[' * 1000}{']' * 1000}\n"), "refused", _UNCLEAR
    yield "dashes-deep.ecsv", lambda: ecsv(more="# meta:\n# " + "- " * 5000 + "x\n"), "refused", _UNCLEAR
    yield "indents-deep.ecsv", lambda: ecsv(more="# meta:\n" + "".join(f"# {' ' * i}a:\n" for i in range(1, 400))), "refused", _UNCLEAR
    yield "questions-deep.ecsv", lambda: ecsv(more="# meta:\n# " + "? " * 3000 + "x\n"), "refused", _UNCLEAR
    yield "header-unclosed.ecsv", lambda: ecsv(more="# meta: {a: [1, 2\n"), "refused", _UNCLEAR
    yield (
        "header-2-mb.ecsv",
        lambda: ecsv(more="# meta:\n" + "".join(f"#   k{i}: {'v' * 90}\n" for i in range(20_000))),
        "refused",
        "too long",
    )
    yield "header-quotes.ecsv", lambda: ecsv(more=f'# meta: {{a: "{"x" * 90_000}}}\n'), "refused", _UNCLEAR
    yield "header-lines-200-thousand.ecsv", lambda: ecsv(more="#\n" * 200_000), "refused", "too long"
    yield "header-none.ecsv", lambda: b"# %ECSV 1.0\n", "refused", f"{_UNCLEAR}|no rows"
    yield "header-version.ecsv", lambda: ecsv().replace(b"%ECSV 1.0", b"%ECSV 99.0"), "read", ""
    yield "header-list.ecsv", lambda: ecsv("# [[[\n"), "refused", _UNCLEAR
    yield "header-number.ecsv", lambda: ecsv("#   7\n"), "refused", _UNCLEAR
    yield "header-number-huge.ecsv", lambda: ecsv(more=f"# meta: {{a: {'9' * 9000}}}\n"), "refused", _UNCLEAR
    yield "header-sexagesimal.ecsv", lambda: ecsv(more=f"# meta: {{a: {'1:' * 9000}1}}\n"), "read", ""
    yield "header-documents.ecsv", lambda: ecsv(more="# ---\n# a: 1\n"), "refused", _UNCLEAR
    yield "header-merges-columns.ecsv", lambda: ecsv("# - &a {name: time, datatype: float64}\n# - *a\n# - *a\n"), "refused", "alias"


def _columns() -> Iterator[_Case]:
    name = COLUMNS.replace
    yield "unit-bomb.ecsv", lambda: unit("10**(99999999) m"), "refused", "unit"
    yield "unit-bomb-of-flux.ecsv", lambda: unit("'10**(9999999) Jy'", "flux"), "refused", "unit"
    yield "unit-tower.ecsv", lambda: unit("((10**99)**99)**99"), "refused", "unit"
    yield "unit-long.ecsv", lambda: unit("m" * 5000), "refused", "unit"
    yield "unit-nonsense.ecsv", lambda: unit("fortnights"), "refused", "unit"
    yield "unit-of-mass.ecsv", lambda: unit("kg"), "refused", "convert"
    yield "unit-number.ecsv", lambda: unit("12"), "refused", "unit|convert"
    yield "unit-list.ecsv", lambda: unit("[d, d]"), "refused", "unit"
    yield "unit-object.ecsv", lambda: unit("!astropy.units.Unit {unit: d}"), "read", ""
    yield "unit-object-bomb.ecsv", lambda: unit("!astropy.units.Unit {unit: 10**(99999999) d}"), "refused", "unit"
    yield "type-object.ecsv", lambda: ecsv(name("flux, datatype: float64", "flux, datatype: object")), "read", ""
    yield "type-lies.ecsv", lambda: ecsv(name("flux, datatype: float64", "flux, datatype: int8")), "read", ""
    yield "type-text.ecsv", lambda: ecsv(name("flux, datatype: float64", "flux, datatype: string")), "read", ""
    yield "type-logical.ecsv", lambda: ecsv(name("flux, datatype: float64", "flux, datatype: bool")), "refused", "flux.*True or False"
    yield "type-complex.ecsv", lambda: ecsv(name("flux, datatype: float64", "flux, datatype: complex128")), "read", ""
    yield "type-missing.ecsv", lambda: ecsv(name("flux, datatype: float64", "flux")), "read", ""
    yield (
        "type-of-lists.ecsv",
        lambda: ecsv(name("flux, datatype: float64", "flux, datatype: string, subtype: 'float64[null]'")),
        "refused",
        "flux|several values",
    )
    yield "names-other.ecsv", lambda: ecsv(name("name: flux,", "name: speed,")), "refused", "names"
    yield "names-fewer.ecsv", lambda: ecsv(head="time,flux"), "refused", "3 columns.*2"
    yield "names-repeated.ecsv", lambda: ecsv(name("flux_err", "flux"), head="time,flux,flux"), "refused", "names"
    yield "name-date.ecsv", lambda: ecsv(name("name: flux,", "name: 2020-01-01,"), head="time,2020-01-01,flux_err"), "refused", "column"
    yield "name-list.ecsv", lambda: ecsv(name("name: flux,", "name: [a, b],")), "refused", "names|ECSV header"
    yield "name-nothing.ecsv", lambda: ecsv(name("name: flux,", "name: null,")), "refused", "names|ECSV header"
    yield "columns-as-map.ecsv", lambda: ecsv("#   {name: time}\n"), "refused", _UNCLEAR
    yield "delimiter-odd.ecsv", lambda: ecsv(more="# delimiter: 'x'\n"), "refused", "delimiter"
    yield "delimiter-other.ecsv", lambda: ecsv(rows=text.rows().replace(",", " ")), "refused", "fields"
    yield "rows-none.ecsv", lambda: ecsv(rows=""), "refused", "no rows"
    yield "rows-ragged.ecsv", lambda: ecsv(rows=text.rows() + "1,2\n"), "refused", "fields"
    yield "rows-text.ecsv", lambda: ecsv(rows=text.rows() + "1700,high,0.1\n"), "refused", "'high'"
    yield "rows-missing.ecsv", lambda: ecsv(rows=text.rows() + '1700,"",0.1\n'), "warned", "no value"


def cases(bait: Bait) -> Iterator[Case]:
    """Every ECSV file that is not as simple as it looks."""
    yield Case("good.ecsv", "ecsv", ecsv, "read", points=60)
    for part in (_objects, _yaml, _columns):
        for name, content, expected, words in part():
            yield Case(name, "ecsv", content, expected, words)
