"""The checklist to print: each row with what to set up."""

from __future__ import annotations

import base64
import io
from itertools import groupby

from jinja2 import Environment, PackageLoader, StrictUndefined
from PIL import Image

from capture.study.store import Study
from riis_physical.system.files import write_text

CHECKLIST = "checklist.html"
THUMBNAIL_PX = 96


def page_of(template: str, **values: object) -> str:
    """A page from one of this package's templates; values are escaped."""
    pages = Environment(
        loader=PackageLoader("capture.study", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return pages.get_template(template).render(**values)


def save_checklist(study: Study) -> None:
    """Write checklist.html into the study's folder; print it, or open it on a phone."""
    rows = study.rows(
        "SELECT row.*, sheet.medium, sheet.width_mm, sheet.page, container.host, container.file "
        "FROM row JOIN sheet ON sheet.id = row.sheet_id "
        "JOIN container ON container.id = sheet.container_id ORDER BY row.id"
    )
    blocks = [
        {"device": device, "light": light, "rows": list(part)}
        for (device, light), part in groupby(rows, key=lambda r: (r["device"], r["light"]))
    ]
    files = {row["sheet_id"]: row["file"] for row in rows}
    sheets = {name: thumbnail(study.path(file)) for name, file in files.items()}
    text = page_of(
        "checklist.html.j2", name=study.config.name, blocks=blocks, sheets=sheets, total=len(rows),
        prints=study.one("SELECT count(*) FROM sheet WHERE medium = 'print'"),
        repeats=study.config.design.repeats > 1,
    )  # fmt: skip
    write_text(study.path(CHECKLIST), text, force=True)


def thumbnail(path: object, long_px: int = THUMBNAIL_PX) -> str:
    """A small picture as a data: address."""
    with Image.open(str(path)) as picture:
        small = picture.convert("RGB")
        small.thumbnail((long_px, long_px), Image.Resampling.LANCZOS)
    stream = io.BytesIO()
    small.save(stream, "JPEG", quality=80)
    return "data:image/jpeg;base64," + base64.b64encode(stream.getvalue()).decode("ascii")
