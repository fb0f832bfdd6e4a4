// The picture inside a border: a screen's bezel, a frame, the margin of a sheet. The close look may
// take the border's outer edge for the picture's. A border is about equally wide all round, so
// opposite sides of the picture are sought together, at equal distances from the border's.

import { between, frameCorners, mapped } from "../geometry/homography.js";
import { isPossible, sideLengths } from "../geometry/quad.js";
import { Region } from "../geometry/region.js";

/** @typedef {import("../geometry/picture.js").Picture} Picture */
/** @typedef {import("../geometry/quad.js").Quad} Quad */

const SIDE_PX = 224;
const WIDEST = 0.3;
/** A border thinner than this is what the outline itself may be off by. */
const THINNEST_PX = 3;
/** A step of this height counts in full: of a range of 0 to 1, between pixels two apart. */
const FULL_STEP = 0.12;
/** Width over height of the border may differ from the sides' by so much, as a logarithm. */
const ASPECT_SLACK = 0.3;
const MOST = 3;
const LEAST_SHARE = 0.15;
const APART_PX = 4;

/**
 * Outlines inside another one, the clearest first.
 * @param {Picture} photo
 * @param {Quad} outline of the border, outer corners
 * @returns {Quad[]}
 */
export function innerOutlines(photo, outline) {
  const region = new Region(photo, outline);
  if (!region.isSeen) return [];
  const { planes } = region.rectify(SIDE_PX);
  const most = Math.floor(WIDEST * SIDE_PX);
  const [left, right, top, bottom] = sideSteps(planes, most);
  const [north, east, south, west] = sideLengths(outline);
  const aspect = (north + south) / (east + west);
  const joint = new Float64Array(most * most);
  for (let down = THINNEST_PX; down < most; down++) {
    for (let across = THINNEST_PX; across < most; across++) {
      const skew = Math.log(((across + 0.5) * aspect) / (down + 0.5));
      if (Math.abs(skew) >= ASPECT_SLACK) continue;
      joint[down * most + across] = (left[across] + right[across] + top[down] + bottom[down]) / 4;
    }
  }
  const toPhoto = between(frameCorners(SIDE_PX, SIDE_PX), outline);
  /** @type {Quad[]} */
  const found = [];
  while (found.length < MOST) {
    let at = 0;
    for (let i = 1; i < joint.length; i++) if (joint[i] > joint[at]) at = i;
    if (joint[at] < LEAST_SHARE) break;
    const [across, down] = [at % most, Math.floor(at / most)];
    const [x, y] = [across - 0.5, down - 0.5];
    const [ex, ey] = [SIDE_PX - 0.5 - across, SIDE_PX - 0.5 - down];
    const corners = [[x, y], [ex, y], [ex, ey], [x, ey]].map(([u, v]) => mapped(toPhoto, u, v)); // prettier-ignore
    if (isPossible(corners)) found.push(corners);
    for (let j = Math.max(0, down - APART_PX); j <= Math.min(most - 1, down + APART_PX); j++) {
      const from = Math.max(0, across - APART_PX);
      joint.fill(0, j * most + from, j * most + Math.min(most, across + APART_PX + 1));
    }
  }
  return found;
}

/**
 * Steps of one direction at each distance from the left, right, top and bottom side, 0 to 1: means
 * along the side, in which what a picture shows cancels out and an edge of its own does not.
 * @param {Float32Array} planes (3, SIDE_PX, SIDE_PX)
 * @param {number} most distances
 */
function sideSteps(planes, most) {
  const plane = SIDE_PX * SIDE_PX;
  const low = Math.floor(SIDE_PX / 5);
  const high = SIDE_PX - low;
  const steps = (
    /** @type {number} */ stride,
    /** @type {number} */ along,
    /** @type {boolean} */ isFar,
  ) =>
    Float64Array.from({ length: most }, (_, distance) => {
      // The step lies between pixels, half a pixel before the distance.
      const inner = isFar ? SIDE_PX - 1 - distance : distance;
      const outer = isFar ? inner + 1 : inner - 1;
      if (outer < 0 || outer >= SIDE_PX) return 0;
      let sum = 0;
      for (let place = low; place < high; place++) {
        let top = 0;
        for (let c = 0; c < 3; c++) {
          const at = c * plane + place * along;
          const step = planes[at + inner * stride] - planes[at + outer * stride];
          if (Math.abs(step) > Math.abs(top)) top = step;
        }
        sum += Math.max(-1, Math.min(1, top / FULL_STEP));
      }
      return Math.abs(sum) / (high - low);
    });
  return [
    steps(1, SIDE_PX, false),
    steps(1, SIDE_PX, true),
    steps(SIDE_PX, 1, false),
    steps(SIDE_PX, 1, true),
  ];
}
