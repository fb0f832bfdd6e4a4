"""The web application: a page, frames, photos, and the rows of a study."""

from __future__ import annotations

import asyncio
import base64
import io
import secrets
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from fastapi import FastAPI, Request
from fastapi.responses import FileResponse, JSONResponse, Response
from PIL import Image

from capture.read.place.probe import RevealerLike
from capture.scan import scan_photo
from capture.serve.limits import Client, Door, Limits, Refused
from capture.serve.live import LiveScan
from capture.serve.study import StudyDesk
from riis_physical.artifacts import Status, UInt8Image
from riis_physical.errors import BadImageError, RiisError

STATIC = Path(__file__).parent / "static"
FILES = {"app.js": "text/javascript", "style.css": "text/css"}
_HEADERS = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' blob: data:; "
    "media-src 'self' blob:; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Service:
    """What a server serves.

    Attributes:
        revealers: models. token: that requests must bring.
        study: folder of a study; None without. workers: scans at the same time.
    """

    revealers: Sequence[RevealerLike]
    token: str
    study: Path | None = None
    workers: int = 1
    limits: Limits = Limits()


def create_app(service: Service) -> FastAPI:
    """The application; photos that do not belong to a study are kept nowhere."""
    pool = ThreadPoolExecutor(service.workers, thread_name_prefix="scan")
    desk = None if service.study is None else StudyDesk(service.study, service.revealers)

    @asynccontextmanager
    async def life(_: FastAPI):  # type: ignore[no-untyped-def]
        yield
        pool.shutdown(wait=False, cancel_futures=True)

    app = FastAPI(title="riis-physical", lifespan=life, docs_url=None, redoc_url=None,
                  openapi_url=None)  # fmt: skip
    door: Door[LiveScan] = Door(
        service.limits, service.workers, lambda: LiveScan(service.revealers)
    )

    async def worked(work: Callable[[], Answer]) -> Answer:
        return await asyncio.get_running_loop().run_in_executor(pool, work)

    @app.middleware("http")
    async def guarded(request: Request, call: Callable[[Request], Any]) -> Response:
        brought = request.headers.get("x-token") or request.query_params.get("token") or ""
        open_to_all = request.url.path.removeprefix("/static/") in FILES
        if not open_to_all and not secrets.compare_digest(brought.encode(), service.token.encode()):
            detail = "open the address that the terminal shows: its token is missing or wrong"
            response: Response = JSONResponse({"detail": detail}, 403)
        else:
            response = await call(request)
        response.headers.update(_HEADERS)
        return response

    @app.exception_handler(Refused)
    async def refused(_: Request, error: Refused) -> JSONResponse:
        return JSONResponse({"detail": error.detail}, error.status)

    @app.exception_handler(RiisError)
    async def wrong(_: Request, error: RiisError) -> JSONResponse:
        return JSONResponse({"detail": str(error)}, 422)

    @app.get("/")
    async def page() -> FileResponse:
        return FileResponse(STATIC / "index.html", media_type="text/html")

    @app.get("/static/{name}")
    async def static(name: str) -> Response:
        if name not in FILES:
            return JSONResponse({"detail": "no such file"}, 404)
        return FileResponse(STATIC / name, media_type=FILES[name])

    @app.post("/api/hello")
    async def hello() -> dict[str, Any]:
        return {"client": door.greet(), "study": None if desk is None else desk.describe()}

    @app.post("/api/frame")
    async def frame(request: Request) -> dict[str, Any]:
        client = _client(door, request)
        data = await _body(request, service.limits.frame_bytes, ("image/jpeg",))
        if not client.frames.take():
            raise Refused(429, f"more than {service.limits.frames_a_second:g} frames a second")
        async with door.scan(client, wait=False):
            answer = await worked(
                lambda: client.kept.look(_frame(data, service.limits.frame_pixels))
            )
        return asdict(answer)

    @app.post("/api/again")
    async def again(request: Request) -> dict[str, Any]:
        client = _client(door, request)
        async with door.scan(client, wait=True):
            client.kept.restart()
        return {}

    @app.post("/api/photo")
    async def photo(request: Request) -> dict[str, Any]:
        client = _client(door, request)
        data = await _photo_body(request, client, service.limits)
        async with door.scan(client, wait=True):
            return await worked(lambda: _scanned(data, service.revealers))

    @app.get("/api/study")
    async def study() -> dict[str, Any]:
        if desk is None:
            raise Refused(404, "no study is served here")
        return desk.describe()

    @app.post("/api/study/photo")
    async def record(request: Request, row: int) -> dict[str, Any]:
        if desk is None:
            raise Refused(404, "no study is served here")
        client = _client(door, request)
        data = await _photo_body(request, client, service.limits)
        async with door.scan(client, wait=True):
            recorded = await worked(lambda: desk.record(data, row))
        return {**recorded, "study": desk.describe()}

    return app


def _client(door: Door[LiveScan], request: Request) -> Client[LiveScan]:
    return door.client(request.headers.get("x-client", ""))


async def _photo_body(request: Request, client: Client[LiveScan], limits: Limits) -> bytes:
    data = await _body(request, limits.photo_bytes, ("image/",))
    if not client.photos.take():
        raise Refused(429, f"more than {limits.photos_a_minute:g} photos a minute: wait a little")
    return data


async def _body(request: Request, most: int, kinds: tuple[str, ...]) -> bytes:
    """The request's body, as far as it is of a kind and not too long."""
    kind = request.headers.get("content-type", "")
    if not kind.startswith(kinds):
        raise Refused(415, f"{kind or 'no type'}: expected {' or '.join(kinds)}")
    found = bytearray()
    async for part in request.stream():
        found += part
        if len(found) > most:
            raise Refused(413, f"more than {most / 1e6:.0f} MB: send a smaller picture")
    return bytes(found)


def _frame(data: bytes, most: int) -> UInt8Image:
    """The pixels of a frame."""
    try:
        with Image.open(io.BytesIO(data), formats=["JPEG"]) as picture:
            if picture.width * picture.height > most:
                raise BadImageError(f"a frame of {picture.width} x {picture.height} px is too big")
            return np.asarray(picture.convert("RGB"), np.uint8)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise BadImageError("the frame is no JPEG picture") from error


def _scanned(data: bytes, revealers: Sequence[RevealerLike]) -> dict[str, Any]:
    """What a whole photo shows; its file is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="riis-serve-") as folder:
        path = Path(folder) / "photo"
        path.write_bytes(data)
        results = scan_photo(path, revealers)
    found = []
    for result in results:
        text = result.text
        if result.payload is not None and text is None:
            text = "base64:" + base64.b64encode(result.payload).decode("ascii")
        found.append(
            {
                "status": str(result.status),
                "text": text,
                "detail": result.detail.replace(str(path), "the photo"),
            }
        )
    return {"read": any(r.status is Status.DECODED for r in results), "containers": found}
