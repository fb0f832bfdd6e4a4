"""study.db: all that is known of a study, in SQLite with a write-ahead log."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from capture.study.config import StudyConfig
from riis_physical.errors import ConfigError, OutputError

DATABASE = "study.db"
FORMAT = 1
FOLDERS = ("containers", "sheets", "photos")

_SCHEMA = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE container (
  id INTEGER PRIMARY KEY, host TEXT NOT NULL, message TEXT NOT NULL UNIQUE,
  message_length INTEGER NOT NULL, strength REAL NOT NULL, model TEXT NOT NULL,
  file TEXT NOT NULL, width_px INTEGER NOT NULL, height_px INTEGER NOT NULL,
  qr_version INTEGER NOT NULL, psnr REAL NOT NULL, ssim REAL NOT NULL, flip REAL);
CREATE TABLE sheet (
  id TEXT PRIMARY KEY, container_id INTEGER NOT NULL REFERENCES container,
  medium TEXT NOT NULL, width_mm REAL NOT NULL, height_mm REAL NOT NULL,
  tag INTEGER UNIQUE, tag_place TEXT, file TEXT NOT NULL, page INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE row (
  id INTEGER PRIMARY KEY, sheet_id TEXT NOT NULL REFERENCES sheet, distance_m REAL NOT NULL,
  angle_deg REAL NOT NULL, light TEXT NOT NULL, device TEXT NOT NULL, repeat INTEGER NOT NULL);
CREATE INDEX row_of_sheet ON row (sheet_id);
CREATE TABLE photo (
  id INTEGER PRIMARY KEY, sha256 TEXT NOT NULL UNIQUE, file TEXT NOT NULL, name TEXT NOT NULL,
  width INTEGER, height INTEGER, taken TEXT, exif_device TEXT, exposure_s REAL, iso INTEGER,
  focal_mm35 REAL, simulated INTEGER NOT NULL DEFAULT 0,
  container_id INTEGER REFERENCES container, sheet_id TEXT REFERENCES sheet,
  row_id INTEGER REFERENCES row, recognised_by TEXT, reason TEXT, corners TEXT,
  sheets TEXT, known TEXT,
  corners_by TEXT, width_px REAL, angle_deg REAL, distance_m REAL);
CREATE INDEX photo_of_row ON photo (row_id);
CREATE TABLE setting (
  number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, name TEXT NOT NULL, made_by TEXT NOT NULL);
CREATE TABLE result (
  photo_id INTEGER NOT NULL REFERENCES photo, setting_id TEXT NOT NULL REFERENCES setting (id),
  status TEXT NOT NULL, text TEXT, is_right INTEGER NOT NULL, stage TEXT NOT NULL,
  detail TEXT NOT NULL, found_by TEXT, corners TEXT, confidence REAL, quality TEXT,
  total_ms REAL NOT NULL, PRIMARY KEY (photo_id, setting_id)) WITHOUT ROWID;
CREATE TABLE truth (sha256 TEXT PRIMARY KEY, row_id INTEGER NOT NULL, corners TEXT NOT NULL)
  WITHOUT ROWID;
"""


class Study:
    """A study's folder and its open database.

    Attributes:
        folder: of the study.
        config: as it was planned.
    """

    def __init__(self, folder: Path, connection: sqlite3.Connection, config: StudyConfig) -> None:
        self.folder, self.config = folder, config
        self.connection = connection

    @classmethod
    def create(cls, folder: Path, config: StudyConfig) -> Study:
        """A new, empty database in an existing folder.

        Raises:
            OutputError: there is one already, or it cannot be written.
        """
        path = folder / DATABASE
        if path.exists():
            raise OutputError(
                f"{path} exists already: a study is planned once; choose another folder"
            )
        connection = _connect(path)
        with _reported(path), connection:
            connection.executescript(_SCHEMA)
            values = {"format": str(FORMAT), "config": config.model_dump_json(by_alias=True)}
            connection.executemany("INSERT INTO meta VALUES (?, ?)", values.items())
        return cls(folder, connection, config)

    @classmethod
    def open(cls, folder: str | Path) -> Study:
        """Open a study.

        Raises:
            ConfigError: the folder holds none, or one of another format.
        """
        path = Path(folder) / DATABASE
        if not path.is_file():
            raise ConfigError(
                f"{folder} holds no study ({DATABASE} is missing): "
                "`riis-physical study plan STUDY.yaml -o FOLDER` makes one"
            )
        connection = _connect(path)
        try:
            meta = dict(connection.execute("SELECT key, value FROM meta").fetchall())
        except sqlite3.DatabaseError as error:
            connection.close()
            raise ConfigError(f"{path} is no database of a study ({error})") from error
        if meta.get("format") != str(FORMAT):
            connection.close()
            raise ConfigError(
                f"{path} has format {meta.get('format')!r}, expected {FORMAT}: plan the study "
                "again with this version"
            )
        return cls(Path(folder), connection, StudyConfig.model_validate_json(meta["config"]))

    def close(self) -> None:
        """Close the database."""
        self.connection.close()

    def __enter__(self) -> Study:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def rows(self, query: str, values: Sequence[Any] = ()) -> list[dict[str, Any]]:
        """The answer to a query, as one dict a line."""
        with closing(self.connection.execute(query, values)) as cursor:
            names = [column[0] for column in cursor.description]
            return [dict(zip(names, line, strict=True)) for line in cursor]

    def one(self, query: str, values: Sequence[Any] = ()) -> Any:
        """The first value of the first line; None where there is none."""
        line = self.connection.execute(query, values).fetchone()
        return None if line is None else line[0]

    @contextmanager
    def change(self) -> Iterator[sqlite3.Connection]:
        """A transaction: all of the body's changes, or none.

        Raises:
            OutputError: the database cannot be written.
        """
        with _reported(self.folder / DATABASE), self.connection:
            yield self.connection

    def insert(self, table: str, values: dict[str, Any], *, replace: bool = False) -> int:
        """Add a line to a table, within :meth:`change`; its number."""
        names = ", ".join(values)
        marks = ", ".join("?" * len(values))
        verb = "INSERT OR REPLACE" if replace else "INSERT"
        cursor = self.connection.execute(
            f"{verb} INTO {table} ({names}) VALUES ({marks})",
            [json.dumps(v) if isinstance(v, list | dict) else v for v in values.values()],
        )
        return int(cursor.lastrowid or 0)

    def path(self, file: str) -> Path:
        """A file of the study, by its name in the database."""
        return self.folder / file


def _connect(path: Path) -> sqlite3.Connection:
    with _reported(path):
        connection = sqlite3.connect(path, timeout=30.0)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA synchronous = NORMAL")
    return connection


@contextmanager
def _reported(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.OperationalError as error:
        raise OutputError(f"cannot use {path}: {error}") from error
