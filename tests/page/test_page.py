"""The page's folder: what is in it, what it is made of, how it is offered."""

from __future__ import annotations

import hashlib
import json
import re
import threading
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from click.testing import CliRunner

from capture.find.learned import closeup, detector
from riis_physical.commands.reading.page import command
from riis_physical.errors import ConfigError, OutputError, WeightsError
from riis_physical.model.weights import FOLDER, available
from riis_physical.page import runtime, site
from riis_physical.page.serving import HEADERS, server
from riis_physical.page.site import MARK, STATIC, write_site


def fake_runtime(_: Path, folder: Path) -> list[str]:
    names = [*runtime.MODULES, *(f"{name}.gz" for name in runtime.COMPRESSED)]
    for name in names:
        (folder / name).write_text(name, encoding="utf-8")
    return names


@pytest.fixture
def write(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):  # type: ignore[no-untyped-def]
    monkeypatch.setattr(site, "write_runtime", fake_runtime)

    def call(folder: Path, **more: object) -> site.Site:
        options = {"model": "auto", "detector": detector.SHIPPED, "closeup": closeup.SHIPPED}
        return write_site(folder, **{**options, "runtime": tmp_path / "none.tgz", **more})  # type: ignore[arg-type]

    return call


def test_a_page_has_all_that_it_names(write, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    folder = tmp_path / "deep" / "site"
    made = write(folder)
    assert list(made.models) == available()
    assert 13e6 < made.first_load["wasm"] < 15e6  # models; the runtime is a fake one here
    kept = json.loads((folder / MARK).read_text())
    assert {"./", "app.js", "read/search.js", "icon-192.png"} <= set(kept)
    assert not [name for name in kept if name != "./" and not (folder / name).is_file()]
    models = json.loads((folder / "models" / "models.json").read_text())
    for entry in [*models["networks"].values(), models["text"], models["reading"][0]["reveal"]]:
        data = (folder / "models" / entry["file"]).read_bytes()
        assert hashlib.sha256(data).hexdigest() == entry["sha256"]
    assert f'const VERSION = "{made.version}"' in (folder / "sw.js").read_text()
    html = (folder / "index.html").read_text()
    for name in re.findall(r'(?:href|src)="([^"]+)"', html):
        assert (folder / name).is_file(), name
    assert "unsafe-inline" not in html and not re.search(
        r"<script(?![^>]*src)|\son\w+=|style=", html
    )


def test_only_a_page_is_replaced_and_only_when_asked(write, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    folder = tmp_path / "site"
    first = write(folder)
    with pytest.raises(OutputError, match="pass --force"):
        write(folder)
    (folder / "stale.js").write_text("old")
    assert write(folder, force=True).version == first.version
    assert not (folder / "stale.js").exists()
    other = tmp_path / "photos"
    other.mkdir()
    (other / "mine.jpg").write_bytes(b"x")
    with pytest.raises(OutputError, match="holds other files"):
        write(other, force=True)
    assert (other / "mine.jpg").exists()
    (tmp_path / "file").write_text("x")
    with pytest.raises(OutputError, match="no folder"):
        write(tmp_path / "file")
    assert sorted(file.name for file in tmp_path.iterdir()) == ["file", "photos", "site"]


def test_a_model_without_onnx_files_makes_no_page(write, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    name = available()[0]
    for file in FOLDER.glob(f"{name}*"):
        if not file.name.endswith(".onnx.json"):
            (tmp_path / file.name).write_bytes(file.read_bytes())
    with pytest.raises(WeightsError, match="export --onnx"):
        write(tmp_path / "site", model=str(tmp_path / f"{name}.safetensors"))
    assert not (tmp_path / "site").exists()


def test_another_runtime_than_npm_published_is_refused(tmp_path: Path) -> None:
    wrong = tmp_path / "onnxruntime-web.tgz"
    wrong.write_bytes(b"not the package")
    with pytest.raises(ConfigError, match="as npm published it"):
        runtime.write_runtime(wrong, tmp_path)
    done = CliRunner().invoke(command, ["-o", str(tmp_path / "site"), "--runtime", str(wrong)])
    assert done.exit_code == 1 and isinstance(done.exception, ConfigError)
    assert [file.name for file in tmp_path.iterdir()] == [wrong.name]


def test_without_a_connection_it_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(runtime.NPM_SETTING, "http://127.0.0.1:9/")
    with pytest.raises(ConfigError, match="npm pack onnxruntime-web@"):
        runtime.package(tmp_path / "cache", lambda _: None)
    assert not (tmp_path / "cache").exists()


def test_the_server_sends_its_headers_and_lists_nothing(tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / "index.html").write_text("page")
    (tmp_path / "app.mjs").write_text("1")
    running = server(tmp_path, 0)
    thread = threading.Thread(target=running.serve_forever)
    thread.start()
    url = f"http://127.0.0.1:{running.server_address[1]}"
    try:
        with urllib.request.urlopen(f"{url}/app.mjs") as answer:
            assert answer.headers["Content-Type"] == "text/javascript"
            assert {name: answer.headers[name] for name in HEADERS} == HEADERS
        with pytest.raises(urllib.error.HTTPError, match="404"):
            urllib.request.urlopen(f"{url}/models/")
        with pytest.raises(ConfigError, match="another --port"):
            server(tmp_path, running.server_address[1])
    finally:
        running.shutdown()
        thread.join()
        running.server_close()


def test_the_policy_of_the_page_is_that_of_the_server() -> None:
    html = (STATIC / "index.html").read_text(encoding="utf-8")
    policy = re.search(r'Content-Security-Policy"\s+content="([^"]+)"', html)
    assert policy is not None
    # frame-ancestors counts in headers alone.
    assert HEADERS["Content-Security-Policy"] == f"{policy[1]}; frame-ancestors 'none'"


def test_the_modules_ask_no_other_server() -> None:
    for file in STATIC.rglob("*.js"):
        text = file.read_text(encoding="utf-8")
        asked = re.findall(r"(?:fetch|import|Worker|Request|URL)\(\s*[\"'`]\w+:", text)
        assert not asked, file.name
        assert not re.search(r"\beval\(|innerHTML|document\.write|new Function", text), file.name
