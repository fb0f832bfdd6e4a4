// A close look at places: whether each is a picture, and its four sides in a straightened view.

import { between, frameCorners, mapped } from "../geometry/homography.js";
import { contains, isPossible } from "../geometry/quad.js";
import { Region } from "../geometry/region.js";
import { sigmoid } from "./detector.js";
import { fitSides } from "./sides.js";

/** @typedef {import("../geometry/picture.js").Picture} Picture */
/** @typedef {import("../geometry/quad.js").Quad} Quad */
/** @typedef {import("../engine.js").Network} Network */
/**
 * A picture that was looked at closely.
 * @typedef {object} CloseUp
 * @property {Quad} corners
 * @property {number} container 0 to 1
 * @property {number} sure 0 to 1, of its least certain side
 * @property {Quad[]} others corners with one side where it may be instead, the likeliest first
 */

export const SIZE = 384;
export const MARGIN = 64;
export const STRIDE = 4;
const CELLS = SIZE / STRIDE;

/**
 * What the network sees of a place, and the view's pixels in the photo.
 * @param {Picture} photo
 * @param {Quad} corners
 */
export function viewOf(photo, corners) {
  if (!isPossible(corners)) return null;
  const inner = SIZE - 2 * MARGIN;
  const frame = frameCorners(inner, inner).map(([x, y]) => [x + MARGIN, y + MARGIN]);
  const toPhoto = between(/** @type {Quad} */ (frame), corners);
  const rim = frameCorners(SIZE, SIZE).map(([x, y]) => mapped(toPhoto, x, y));
  const region = isPossible(rim) ? new Region(photo, rim) : null;
  if (!region?.isSeen) return null;
  const { planes } = region.rectify(SIZE);
  // Rounded as a picture of bytes would be.
  for (let at = 0; at < planes.length; at++) planes[at] = Math.floor(planes[at] * 255 + 0.5) / 255;
  return { planes, toPhoto };
}

/**
 * The picture at a place of a photo, null where no picture can be.
 * @param {Network} network
 * @param {Picture} photo
 * @param {Quad} place right to within a fifth of the width
 * @returns {Promise<CloseUp | null>}
 */
export async function lookAt(network, photo, place) {
  const view = viewOf(photo, place);
  if (!view) return null;
  const seen = await network.run({ photos: { data: view.planes, dims: [1, 3, SIZE, SIZE] } });
  const { quad, sure, others } = fitSides(softmaxAcross(seen.sides.data), CELLS);
  const container = sigmoid(seen.container.data);
  let sum = 0;
  let count = 0;
  for (let at = 0; at < container.length; at++) {
    if (!contains(quad, at % CELLS, Math.floor(at / CELLS))) continue;
    sum += container[at];
    count++;
  }
  if (!count) return null;
  const inPhoto = (/** @type {Quad} */ cells) =>
    cells.map(([x, y]) => mapped(view.toPhoto, (x + 0.5) * STRIDE - 0.5, (y + 0.5) * STRIDE - 0.5));
  const corners = inPhoto(quad);
  if (!isPossible(corners)) return null;
  return { corners, container: sum / count, sure, others: others.map(inPhoto).filter(isPossible) };
}

/**
 * Probabilities across each side, for each place along it.
 * @param {Float32Array} logits (4, across, along)
 */
export function softmaxAcross(logits) {
  const found = new Float32Array(logits.length);
  for (let side = 0; side < 4; side++) {
    const start = side * CELLS * CELLS;
    for (let along = 0; along < CELLS; along++) {
      let top = -Infinity;
      for (let across = 0; across < CELLS; across++) {
        top = Math.max(top, logits[start + across * CELLS + along]);
      }
      let total = 0;
      for (let across = 0; across < CELLS; across++) {
        const at = start + across * CELLS + along;
        total += found[at] = Math.exp(logits[at] - top);
      }
      for (let across = 0; across < CELLS; across++) found[start + across * CELLS + along] /= total;
    }
  }
  return found;
}
