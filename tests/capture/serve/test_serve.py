"""The phone page: who gets in, what is refused, what a frame and a photo give."""

from __future__ import annotations

import asyncio
import io
from pathlib import Path

import numpy as np
import pytest
from fakes import FakeRevealer
from PIL import Image
from studies import filled

pytest.importorskip("fastapi")
pytest.importorskip("httpx")

from capture.serve.app import Service, create_app
from capture.serve.certificate import certificate
from capture.serve.limits import Bucket, Door, Limits, Refused
from capture.serve.track import Track
from riis_physical.artifacts import Condition


class Reader(FakeRevealer):
    """Also says how a frame was captured, as lists of messages ask for."""

    def estimate(self, frame: object, jpeg_quality: float | None, scale_px: float) -> Condition:
        return Condition(0.5, 0.01, jpeg_quality or 90.0, scale_px)


def jpeg(width: int = 320, height: int = 240) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(np.full((height, width, 3), 90, np.uint8)).save(stream, "JPEG")
    return stream.getvalue()


def page(study: Path | None = None, **limits: float):  # type: ignore[no-untyped-def]
    from fastapi.testclient import TestClient

    bounds = Limits(**limits)  # type: ignore[arg-type]
    app = create_app(Service([Reader()], "secret", study, limits=bounds))
    return TestClient(app, headers={"x-token": "secret"})


def greeted(client) -> dict[str, str]:  # type: ignore[no-untyped-def]
    key = client.post("/api/hello").json()["client"]
    return {"x-client": key, "content-type": "image/jpeg"}


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_only_the_token_lets_in() -> None:
    client = page()
    assert client.get("/?token=secret", headers={"x-token": ""}).status_code == 200
    for path in ("/", "/api/study", "/?token=wrong", "/static/../app.py"):
        answer = client.get(path, headers={"x-token": ""})
        assert answer.status_code == 403 and "token" in answer.json()["detail"]
    assert client.get("/static/app.js", headers={"x-token": ""}).status_code == 200
    assert client.get("/static/secrets.txt").status_code == 404
    policy = client.get("/").headers["content-security-policy"]
    assert policy.startswith("default-src 'self'")


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_frames_are_bounded_in_size_kind_and_rate() -> None:
    client = page(frame_bytes=20_000, frame_pixels=100_000, frames_a_second=3.0)
    headers = greeted(client)
    answer = client.post("/api/frame", content=jpeg(), headers=headers)
    assert answer.status_code == 200 and answer.json()["state"] in ("nothing", "picture")
    assert client.post("/api/frame", content=b"x" * 30_000, headers=headers).status_code == 413
    wrong = {**headers, "content-type": "text/html"}
    assert client.post("/api/frame", content=jpeg(), headers=wrong).status_code == 415
    assert client.post("/api/frame", content=b"no jpeg", headers=headers).status_code == 422
    assert client.post("/api/frame", content=jpeg(640, 480), headers=headers).status_code == 422
    assert client.post("/api/frame", content=jpeg(), headers={**headers, "x-client": "other"}
                       ).status_code == 401  # fmt: skip
    codes = [client.post("/api/frame", content=b"no", headers=headers).status_code
             for _ in range(20)]  # fmt: skip
    assert 429 in codes


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_photo_is_read_and_kept_nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    client = page()
    answer = client.post("/api/photo", content=jpeg(), headers=greeted(client)).json()
    assert answer["read"] is False and answer["containers"][0]["status"] == "no_container"
    bad = client.post("/api/photo", content=b"x", headers=greeted(client)).json()
    assert bad["containers"][0]["status"] == "bad_image"
    assert str(tmp_path) not in str(bad) and list(tmp_path.iterdir()) == []


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_study_tells_its_rows_and_keeps_photos(tmp_path: Path) -> None:
    folder = tmp_path / "study"
    with filled(folder, 6) as study, study.change() as connection:
        connection.execute("DELETE FROM result")
        connection.execute("DELETE FROM photo WHERE row_id > 2")
        for number in range(4):
            Image.fromarray(np.full((400, 600, 3), 60 * number, np.uint8)).save(
                study.path(f"containers/c{number}.png")
            )
    client = page(folder)
    headers = greeted(client)
    told = client.get("/api/study").json()
    assert [row["done"] for row in told["rows"]] == [1, 1, 0, 0, 0, 0]
    assert told["levels"]["light"] == ["daylight"]
    answer = client.post("/api/study/photo?row=4", content=jpeg(), headers=headers).json()
    assert answer["recorded"] and "was not recognised" in answer["detail"]
    assert [row["done"] for row in answer["study"]["rows"]] == [1, 1, 0, 1, 0, 0]
    again = client.post("/api/study/photo?row=5", content=jpeg(), headers=headers).json()
    assert not again["recorded"] and "there already" in again["detail"]
    assert client.post("/api/study/photo?row=99", content=jpeg(200, 200), headers=headers
                       ).status_code == 422  # fmt: skip
    kept = [p.name for p in (folder / "photos").iterdir()]
    assert len(kept) == 1 and kept[0].endswith(".jpg")


def test_one_scan_at_a_time_a_client() -> None:
    async def story() -> None:
        door: Door[None] = Door(Limits(clients=2, waiting=1), 1, lambda: None)
        one, two = door.client(door.greet()), door.client(door.greet())
        with pytest.raises(Refused, match="2 phones are connected"):
            door.greet()
        async with door.scan(one, wait=False):
            with pytest.raises(Refused, match="still being looked at"):
                async with door.scan(one, wait=False):
                    pass
            second = asyncio.ensure_future(_held(door, two))
            await asyncio.sleep(0.01)
            assert not second.done()  # waits for the only worker
            with pytest.raises(Refused, match="1 others are waiting"):
                async with door.scan(two, wait=True):
                    pass
        await second
        async with door.scan(one, wait=False):
            pass

    async def _held(door: Door[None], client) -> None:  # type: ignore[no-untyped-def]
        async with door.scan(client, wait=False):
            pass

    asyncio.run(story())


def test_a_bucket_fills_again() -> None:
    bucket = Bucket(rate=1000.0, size=2.0)
    assert bucket.take() and bucket.take()
    bucket.at -= 0.01
    assert bucket.take()


def test_the_certificate_is_kept_and_made_anew_for_another_address(tmp_path: Path) -> None:
    from cryptography import x509

    public, private = certificate(tmp_path / "serve", "192.0.2.7")
    first = public.read_bytes()
    names = x509.load_pem_x509_certificate(first).extensions.get_extension_for_class(
        x509.SubjectAlternativeName
    )
    addresses = [str(a) for a in names.value.get_values_for_type(x509.IPAddress)]
    assert "192.0.2.7" in addresses and private.stat().st_mode & 0o077 == 0
    assert certificate(tmp_path / "serve", "192.0.2.7")[0].read_bytes() == first
    assert certificate(tmp_path / "serve", "192.0.2.8")[0].read_bytes() != first


def test_a_picture_is_followed_between_frames() -> None:
    from skimage import data

    frame = np.zeros((700, 900, 3), np.uint8)
    frame[80:592, 120:632] = data.astronaut()
    corners = np.array([[120, 80], [632, 80], [632, 592], [120, 592]], np.float32) - 0.5
    moved = np.roll(frame, (6, -9), (0, 1))
    found = Track(frame, corners).moved(moved)
    assert found is not None and np.abs(found - (corners + (-9, 6))).max() < 1.5
    assert Track(frame, corners).moved(np.zeros_like(frame)) is None
