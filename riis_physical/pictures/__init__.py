"""Hide pictures in a picture and reveal them: the paper's own use, on files of any size.

`hide` makes containers, `reveal` gives back what they hold, both tile by tile (`tiles`) with a
loaded model (`model`); `tamper` compares what came back with what was hidden; `sheet` shows
all of it side by side. Pictures are uint8 RGB (H, W, 3); a grey container has equal channels.
"""

from riis_physical.pictures.hide import HiddenPictures, hide_pictures
from riis_physical.pictures.model import PictureModel
from riis_physical.pictures.reveal import RevealedPictures, reveal_pictures
from riis_physical.pictures.tamper import TamperMap, tamper_map

__all__ = [
    "HiddenPictures",
    "PictureModel",
    "RevealedPictures",
    "TamperMap",
    "hide_pictures",
    "reveal_pictures",
    "tamper_map",
]
