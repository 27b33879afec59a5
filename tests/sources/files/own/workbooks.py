"""Workbooks of Excel written by hand, for tests: the parts that a reader looks at, in the true form."""

import io
import zipfile
from collections.abc import Mapping
from typing import Any

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
REL = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"


def sheet(*rows: str) -> str:
    """A part with these rows of cells."""
    body = "".join(f'<row r="{number}">{row}</row>' for number, row in enumerate(rows, 1))
    return f'<?xml version="1.0"?><worksheet xmlns="{MAIN}"><sheetData>{body}</sheetData></worksheet>'


def inline(*cells: str) -> str:
    """A row of cells that hold their text."""
    return "".join(f'<c t="inlineStr"><is><t xml:space="preserve">{cell}</t></is></c>' for cell in cells)


def shared(*texts: str) -> str:
    """The part with the texts that cells refer to; each is what stands inside its <si>."""
    items = "".join(f"<si>{text}</si>" for text in texts)
    return f'<?xml version="1.0"?><sst xmlns="{MAIN}" count="9">{items}</sst>'


def workbook(sheets: Mapping[str, str], texts: str = "", **more: Any) -> bytes:
    """A workbook of these sheets by their titles; `more` replaces or adds parts."""
    names = "".join(f'<sheet name="{t}" sheetId="{n}" r:id="rId{n}"/>' for n, t in enumerate(sheets, 1))
    links = "".join(
        f'<Relationship Id="rId{n}" Type="{REL}/worksheet" Target="worksheets/sheet{n}.xml"/>'
        for n in range(1, len(sheets) + 1)
    )
    links += f'<Relationship Id="rId99" Type="{REL}/sharedStrings" Target="/xl/sharedStrings.xml"/>' if texts else ""
    parts = {
        "[Content_Types].xml": "<Types/>",
        "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{REL}"><sheets>{names}</sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{PACKAGE}">{links}</Relationships>',
        **{f"xl/worksheets/sheet{n}.xml": part for n, part in enumerate(sheets.values(), 1)},
        **({"xl/sharedStrings.xml": texts} if texts else {}),
        **more,
    }
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    return packed.getvalue()
