"""One call each: hide pictures in a picture, and reveal them.

Nothing heavy is imported before a call; models are loaded once and kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from riis_physical.face import pixels_of, speaks_python

if TYPE_CHECKING:
    from riis_physical.distortion.level import Level
    from riis_physical.face import Picture
    from riis_physical.pictures import HiddenPictures, PictureModel, RevealedPictures
    from riis_physical.pictures.hide import Fit


@speaks_python
def hide_image(
    host: Picture,
    secrets: Picture | Sequence[Picture] = (),
    output: str | Path | None = None,
    *,
    model: PictureModel | str = "auto",
    fit: Fit = "stretch",
    device: str = "cpu",
    force: bool = False,
) -> HiddenPictures:
    """Hide pictures in a picture.

    Args:
        host: a file, uint8 RGB (H, W, 3), or a PIL image.
        secrets: one picture, or as many as the model hides; none for a model of grey hosts,
            which hides the host's own colours in its grey.
        output: the container's file; None writes none.
        model: a loaded one, the name of a shipped one, or the path of a .safetensors file.
        fit: `stretch`, `crop` or `pad`: how a secret gets the host's size.
        device: where the model runs.
        force: overwrite `output`.

    Returns:
        the container, uint8 (H, W, 3), and how far it is from its host.

    Raises:
        BadImageError: no usable picture.
        ConfigError: another number of secrets than the model hides.
        OutputError: `output` exists and `force` is off, or cannot be written.
        WeightsError: no such model.
    """
    from riis_physical.images import LoadedImage, load_host, save_image
    from riis_physical.pictures.hide import hide_pictures
    from riis_physical.system.files import check_writable

    if output is not None:
        check_writable(Path(output), force=force)
    several: Sequence[Picture] = secrets if isinstance(secrets, list | tuple) else [secrets]  # type: ignore[list-item]
    loaded = load_host(host) if isinstance(host, str | Path) else LoadedImage(pixels_of(host))
    hidden = [pixels_of(one) for one in several]
    chosen = _model(model, device, len(hidden)) if isinstance(model, str) else model
    result = hide_pictures(loaded.pixels, hidden, chosen, fit=fit)
    if output is not None:
        save_image(
            Path(output),
            result.container,
            like=loaded,
            force=force,
        )
    return result


@speaks_python
def reveal(
    container: Picture,
    *,
    model: PictureModel | str = "auto",
    level: Level | str | None = None,
    secrets: int | None = None,
    device: str = "cpu",
) -> RevealedPictures:
    """Give back the pictures that a container holds.

    Args:
        container: a file, uint8 RGB (H, W, 3), or a PIL image; a photo of a print is
            straightened before by :func:`capture.straighten.straighten`.
        model: as for :func:`hide_image`.
        level: of distortion: `sigma=10`, `poisson`, `jpeg=40`, `none`, `blind`, or a
            :class:`riis_physical.distortion.level.Level`; None has it estimated.
        secrets: how many pictures it holds, where `auto` is to choose the model by that.
        device: where the model runs.

    Returns:
        the secrets, uint8 (H, W, 3) each, the revealed host and the level. Whether the picture
        held anything is for the eye to tell.

    Raises:
        BadImageError: no usable picture.
        ConfigError: no such level.
        WeightsError: no such model.
    """
    from riis_physical.distortion.level import Level
    from riis_physical.images import LoadedImage, load_host
    from riis_physical.pictures.reveal import reveal_pictures

    is_file = isinstance(container, str | Path)
    loaded = load_host(container) if is_file else LoadedImage(pixels_of(container))  # type: ignore[arg-type]
    told = Level.parse(level) if isinstance(level, str) else level
    chosen = _model(model, device, secrets) if isinstance(model, str) else model
    return reveal_pictures(loaded.pixels, chosen, level=told, file_quality=loaded.jpeg_quality)


@lru_cache(maxsize=4)
def _model(name: str, device: str, secrets: int | None) -> PictureModel:
    """A model that hides so many pictures; 0 for one of grey hosts."""
    from riis_physical.pictures.model import PictureModel

    return PictureModel.load(name, device, secrets=secrets or None, grey=secrets == 0)
