"""From a photograph back to the hidden message: `capture.scan` is the face.

In comes a photo; `find` proposes places that may hold a container, `read` reveals and judges
them (here it is decided that a photo is unreadable: `read.cascade`, `read.search`), `quality`
says how good the capture is, `many` puts photos together. `geometry` lies below all of them;
`study` and `serve` are instruments on top.
"""
