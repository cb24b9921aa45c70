"""VOTables that reach for other files, grow without end or do not hold what they declare."""

from __future__ import annotations

import base64
from collections.abc import Iterator

import numpy as np

from tests.observations.corpus import fits_file, text
from tests.observations.corpus.case import Bait, Case, Content, Expected, flux, time

_Case = tuple[str, Content, Expected, str]
_N = 60
_REFERS = "refers to another file|href"
_FIELDS = '<FIELD name="time" datatype="double" unit="d"/><FIELD name="flux" datatype="double"/><FIELD name="flux_err" datatype="double"/>'


def rows(template: str = "<TR><TD>{t:.4f}</TD><TD>{f:.6f}</TD><TD>0.001</TD></TR>\n") -> str:
    """Rows of TABLEDATA."""
    return "".join(template.format(t=t, f=f) for t, f in zip(time(_N), flux(_N), strict=True))


def votable(content: str | None = None, fields: str = _FIELDS, *, table: str = "", before: str = "", root: str = "") -> bytes:
    """A table of times, fluxes and errors in other words."""
    inner = f"<DATA><TABLEDATA>{rows()}</TABLEDATA></DATA>" if content is None else content
    head = f'<?xml version="1.0" encoding="utf-8"?>\n{before}<VOTABLE version="1.4" xmlns="http://www.ivoa.net/xml/VOTable/v1.3"{root}>'
    return f"{head}<RESOURCE><TABLE{table}>{fields}{inner}</TABLE></RESOURCE></VOTABLE>".encode()


def binary(packed: bytes, fields: str = _FIELDS, kind: str = "BINARY", encoding: str = ' encoding="base64"') -> bytes:
    """The table with its rows packed."""
    return votable(f"<DATA><{kind}><STREAM{encoding}>{base64.b64encode(packed).decode()}</STREAM></{kind}></DATA>", fields)


def _reaching(bait: Bait) -> Iterator[_Case]:
    addresses = {
        "file": bait.text.absolute().as_uri(),
        "address": bait.url,
        "path": str(bait.text),
        "ftp": f"ftp://127.0.0.1:{bait.port}/x",
    }
    for name, address in addresses.items():
        for kind in ("BINARY", "BINARY2", "FITS", "PARQUET"):
            made = f'<DATA><{kind}><STREAM href="{address}"/></{kind}></DATA>'
            yield f"stream-{kind.lower()}-{name}.vot", lambda made=made: votable(made), "refused", f"{_REFERS}|{kind} inside"
    spaced = f'<DATA><BINARY><STREAM\n  xlink:href = "{bait.url}" actuate="onLoad"/></BINARY></DATA>'
    yield "stream-qualified.vot", lambda: votable(spaced, root=' xmlns:xlink="http://www.w3.org/1999/xlink"'), "refused", _REFERS
    packed = base64.b64encode(fits_file.table()).decode()
    yield "fits-inside.vot", lambda: votable(f'<DATA><FITS><STREAM encoding="base64">{packed}</STREAM></FITS></DATA>'), "refused", "FITS"
    yield (
        "parquet-inside.vot",
        lambda: votable('<DATA><PARQUET><STREAM encoding="base64">UEFSMQ==</STREAM></PARQUET></DATA>'),
        "refused",
        "PARQUET",
    )
    yield "link-harmless.vot", lambda: votable(fields=f'<LINK href="{bait.url}"/>{_FIELDS}'), "read", ""
    yield (
        "schema-address.vot",
        lambda: votable(root=f' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="x {bait.url}"'),
        "read",
        "",
    )
    yield "stylesheet.vot", lambda: votable(before=f'<?xml-stylesheet type="text/xsl" href="{bait.url}"?>\n'), "read", ""
    yield (
        "include.vot",
        lambda: votable(fields=f'<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="{bait.url}"/>{_FIELDS}'),
        "refused",
        _REFERS,
    )


def _types(bait: Bait) -> Iterator[_Case]:
    laughs = '<!ENTITY a0 "ha">' + "".join(f'<!ENTITY a{i} "{f"&a{i - 1};" * 10}">' for i in range(1, 12))
    quadratic = f'<!ENTITY a "{"x" * 50_000}">'
    declared = {
        "plain": "VOTABLE",
        "outside": f'VOTABLE SYSTEM "{bait.url}"',
        "entity-file": f'VOTABLE [<!ENTITY x SYSTEM "{bait.text.absolute().as_uri()}">]',
        "entity-address": f'VOTABLE [<!ENTITY x SYSTEM "{bait.url}">]',
        "entity-parameter": f'VOTABLE [<!ENTITY % x SYSTEM "{bait.url}"> %x;]',
        "billion-laughs": f"VOTABLE [{laughs}]",
        "quadratic": f"VOTABLE [{quadratic}]",
        "attribute": 'VOTABLE [<!ATTLIST VOTABLE version CDATA "9">]',
    }
    uses = {"billion-laughs": "&a11;", "quadratic": "&a;" * 50_000}
    for name, declaration in declared.items():
        cell = uses.get(name, "&x;" if "entity" in name else "1")
        inner = f"<DATA><TABLEDATA><TR><TD>{cell}</TD><TD>1</TD><TD>1</TD></TR></TABLEDATA></DATA>"
        before = f"<!DOCTYPE {declaration}>\n"
        yield f"doctype-{name}.vot", lambda b=before, i=inner: votable(i, before=b), "refused", "DOCTYPE|document type|an XML file"
    yield (
        "doctype-wide.vot",
        lambda: votable(before=f"<!DOCTYPE {declared['entity-file']}>\n").decode().replace("utf-8", "utf-16").encode("utf-16"),
        "refused",
        "DOCTYPE|document type",
    )
    yield "entity-undeclared.vot", lambda: votable(rows("<TR><TD>&nothing;</TD></TR>")), "refused", "XML"


def _shapes() -> Iterator[_Case]:
    claim = "nrows"
    yield "rows-claimed-3e9.vot", lambda: votable(table=' nrows="3000000000"'), "refused", claim
    yield "rows-claimed-3e8.vot", lambda: votable(table=' nrows="300000000"'), "refused", claim
    yield "rows-claimed-negative.vot", lambda: votable(table=' nrows="-1"'), "refused", claim
    yield "rows-claimed-text.vot", lambda: votable(table=' nrows="many"'), "refused", claim
    yield "rows-claimed-other.vot", lambda: votable(table=' nrows="61"'), "warned", "61"
    for tag in ("RESOURCE", "GROUP", "SPOON"):
        nested = f"<VOTABLE>{f'<{tag}>' * 50_000}{f'</{tag}>' * 50_000}</VOTABLE>"
        yield f"nested-{tag.lower()}.vot", lambda nested=nested: nested.encode(), "refused", "nested|deep"
    yield "attributes-100-thousand.vot", lambda: votable(root="".join(f' a{i}="1"' for i in range(100_000))), "read", ""
    yield "attribute-20-mb.vot", lambda: votable(table=f' name="{"x" * 20_000_000}"'), "read", ""
    yield "elements-100-thousand.vot", lambda: votable(fields=_FIELDS + "<INFO/>" * 100_000), "read", ""
    yield "tables-200.vot", lambda: votable(fields="", content="</TABLE><TABLE>" * 200), "refused", "tables"
    yield "fields-2000.vot", lambda: votable(fields=_FIELDS * 700), "refused", "fields|columns"
    yield "fields-none.vot", lambda: votable(fields=""), "refused", "fields"
    yield "table-none.vot", lambda: b'<?xml version="1.0"?><VOTABLE><RESOURCE/></VOTABLE>', "refused", "no table"
    yield "table-empty.vot", lambda: votable("<DATA><TABLEDATA/></DATA>"), "refused", "no rows"
    yield (
        "query-failed.vot",
        lambda: (
            b'<?xml version="1.0"?><VOTABLE><RESOURCE type="results"><INFO name="QUERY_STATUS" value="ERROR">'
            b"no such table: stars</INFO></RESOURCE></VOTABLE>"
        ),
        "refused",
        "no table|no such table",
    )
    yield "root-other.vot", lambda: b'<?xml version="1.0"?><gpx><trk/></gpx>', "refused", "VOTABLE|XML"
    yield "cut.vot", lambda: votable()[:1500], "refused", "XML"
    yield "cut-at-start.vot", lambda: b"<?xml", "refused", "XML"
    yield "tag-unclosed.vot", lambda: votable().replace(b"</TR>", b"", 1), "refused", "XML"
    yield "after-end.vot", lambda: votable() + b"<VOTABLE/>", "refused", "XML"


def _encodings() -> Iterator[_Case]:
    wide = votable().decode().replace("utf-8", "utf-16")
    yield "wide.vot", lambda: wide.encode("utf-16"), "read", ""
    yield "wide-no-mark.vot", lambda: wide.encode("utf-16-le"), "refused", "encoding|text"
    yield "very-wide.vot", lambda: wide.encode("utf-32"), "refused", "encoding|text"
    yield "seven-bits.vot", lambda: votable().replace(b"utf-8", b"utf-7"), "refused", "encoding utf-7"
    yield "encoding-unknown.vot", lambda: votable().replace(b"utf-8", b"klingon"), "refused", "encoding klingon"
    yield "encoding-lies.vot", lambda: votable(table=' ID="\xe9"').decode().encode("latin-1"), "warned", "utf-8"
    yield "nul.vot", lambda: votable().replace(b"<RESOURCE>", b"<RESOURCE>\x00"), "refused", "XML"


def _cells() -> Iterator[_Case]:
    row = "<TR><TD>1501.9</TD><TD>{}</TD><TD>0.001</TD></TR>"
    whole = f"<DATA><TABLEDATA>{rows()}{{}}</TABLEDATA></DATA>"
    yield "text-in-double.vot", lambda: votable(whole.format(row.format("high"))), "warned", "flux should be a number"
    yield (
        "text-in-double-all.vot",
        lambda: votable(f"<DATA><TABLEDATA>{row.format('high') * 20}</TABLEDATA></DATA>"),
        "refused",
        "flux should be a number",
    )
    yield "cell-empty.vot", lambda: votable(whole.format(row.format(""))), "warned", "no value"
    yield "cell-missing.vot", lambda: votable(whole.format("<TR><TD>1</TD><TD>1</TD></TR>")), "refused", "cells"
    yield "cell-extra.vot", lambda: votable(whole.format("<TR><TD>1</TD><TD>1</TD><TD>1</TD><TD>1</TD></TR>")), "refused", "cells"
    yield (
        "cell-encoded.vot",
        lambda: votable(whole.format('<TR><TD encoding="base64">MQ==</TD><TD>1</TD><TD>1</TD></TR>')),
        "refused",
        "base64",
    )
    yield "cell-10-mb.vot", lambda: votable(whole.format(row.format("9" * 10_000_000))), "warned", "flux|number|no value"
    yield (
        "html-in-cell.vot",
        lambda: votable(whole.format(row.format("&lt;img src=x onerror=alert(1)&gt;"))),
        "warned",
        "flux should be a number",
    )
    yield (
        "integer-beyond.vot",
        lambda: votable(fields=_FIELDS.replace('flux" datatype="double"', 'flux" datatype="short"')),
        "read",
        "",
    )
    yield (
        "datatype-unknown.vot",
        lambda: votable(fields=_FIELDS.replace('flux" datatype="double"', 'flux" datatype="quaternion"')),
        "refused",
        "quaternion|left out",
    )
    yield (
        "datatype-complex.vot",
        lambda: votable(fields=_FIELDS.replace('flux" datatype="double"', 'flux" datatype="doubleComplex"')),
        "refused",
        "flux|complex",
    )
    yield (
        "arraysize-huge.vot",
        lambda: votable(fields=_FIELDS.replace('name="flux"', 'name="flux" arraysize="999999999"')),
        "refused",
        "arraysize|flux",
    )
    yield (
        "arraysize-nonsense.vot",
        lambda: votable(fields=_FIELDS.replace('name="flux"', 'name="flux" arraysize="x*x*"')),
        "refused",
        "arraysize|flux",
    )
    yield "unit-bomb.vot", lambda: votable(fields=_FIELDS.replace('unit="d"', 'unit="10**(99999999) d"')), "refused", "unit"
    yield "unit-of-mass.vot", lambda: votable(fields=_FIELDS.replace('unit="d"', 'unit="kg"')), "refused", "convert"
    yield "names-repeated.vot", lambda: votable(fields=_FIELDS.replace("flux_err", "flux")), "warned", "flux"
    yield "names-missing.vot", lambda: votable(fields=_FIELDS.replace('name="flux"', "")), "refused", "column"
    yield "html-saved.vot", lambda: text.csv().encode(), "read", ""


def _packed() -> Iterator[_Case]:
    whole = np.column_stack([time(_N), flux(_N), np.full(_N, 1e-3)]).astype(">f8").tobytes()
    lists = _FIELDS.replace('name="flux"', 'name="flux" arraysize="*"')
    words = "BINARY|STREAM|rows|flux|base64"
    yield "packed.vot", lambda: binary(whole), "read", ""
    yield "packed-cut.vot", lambda: binary(whole[:-5]), "refused", words
    yield "packed-nothing.vot", lambda: binary(b""), "refused", words
    yield "packed-no-base64.vot", lambda: votable("<DATA><BINARY><STREAM encoding='base64'>!!!*</STREAM></BINARY></DATA>"), "refused", words
    yield "packed-gzip.vot", lambda: binary(whole, encoding=' encoding="gzip"'), "refused", "gzip"
    yield "packed-no-encoding.vot", lambda: binary(whole, encoding=""), "read", ""
    for name, count in {"4-billion": 2**32 - 1, "2-billion": 2**31 - 1}.items():
        packed = whole[:8] + count.to_bytes(4, "big") + whole[16:24]
        yield f"packed-list-{name}.vot", lambda packed=packed: binary(packed, lists), "refused", words
        yield f"packed2-list-{name}.vot", lambda packed=packed: binary(b"\0" + packed, lists, "BINARY2"), "refused", words
    yield "packed2-no-masks.vot", lambda: binary(whole[:-3], kind="BINARY2"), "refused", words
    yield (
        "packed-array-huge.vot",
        lambda: binary(whole, _FIELDS.replace('name="flux"', 'name="flux" arraysize="99999999x99999999"')),
        "refused",
        words + "|arraysize",
    )
    yield "packed-array-zero.vot", lambda: binary(b"", "<FIELD name='time' datatype='char' arraysize='0'/>"), "refused", words + "|column"


def cases(bait: Bait) -> Iterator[Case]:
    """Every VOTable that is more, or less, than a table."""
    yield Case("good.vot", "votable", votable, "read", points=_N)
    yield Case("good.xml", "votable", votable, "read", points=_N)
    for part in (_reaching(bait), _types(bait), _shapes(), _encodings(), _cells(), _packed()):
        for name, content, expected, words in part:
            yield Case(name, "votable", content, expected, words)
