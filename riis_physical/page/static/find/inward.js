// One side of an outline put further in. The close look may take the outer edge of a screen's bezel,
// or of a frame, for a side of the picture, mostly of one side alone.

import { between, frameCorners, mapped } from "../geometry/homography.js";
import { isPossible } from "../geometry/quad.js";
import { Region } from "../geometry/region.js";

/** @typedef {import("../geometry/picture.js").Picture} Picture */
/** @typedef {import("../geometry/quad.js").Quad} Quad */

const SIDE_PX = 224;
/** A side is sought from where the outline itself may be off to this share of the size inwards. */
const NEAREST_PX = 3;
const FARTHEST = 0.12;
/** A step of this height counts in full: of a range of 0 to 1, between neighbouring pixels. */
const FULL_STEP = 0.12;
const LEAST_SHARE = 0.3;

/**
 * Outlines like another one but for one side, which lies at the clearest edge within; one for each
 * side that has such an edge, the clearest first.
 * @param {Picture} photo
 * @param {Quad} outline outer corners
 * @returns {Quad[]}
 */
export function sidesInward(photo, outline) {
  const region = new Region(photo, outline);
  if (!region.isSeen) return [];
  const { planes } = region.rectify(SIDE_PX);
  const most = Math.floor(FARTHEST * SIDE_PX);
  const toPhoto = between(frameCorners(SIDE_PX, SIDE_PX), outline);
  return sideSteps(planes, most)
    .map((steps, side) => {
      let at = NEAREST_PX;
      for (let i = at; i < most; i++) if (steps[i] > steps[at]) at = i;
      return { side, at, height: steps[at] };
    })
    .filter(({ height }) => height >= LEAST_SHARE)
    .sort((a, b) => b.height - a.height)
    .map(({ side, at }) => {
      const frame = frameCorners(SIDE_PX, SIDE_PX);
      for (const corner of [side, (side + 1) % 4]) {
        const axis = side % 2 ? 0 : 1;
        frame[corner][axis] += side === 0 || side === 3 ? at : -at;
      }
      return frame.map(([x, y]) => mapped(toPhoto, x, y));
    })
    .filter(isPossible);
}

/**
 * Steps of one direction at each distance from the top, right, bottom and left side, 0 to 1: means
 * along the side, in which what a picture shows cancels out and an edge of its own does not.
 * @param {Float32Array} planes (3, SIDE_PX, SIDE_PX)
 * @param {number} most distances
 */
function sideSteps(planes, most) {
  const plane = SIDE_PX * SIDE_PX;
  const low = Math.floor(SIDE_PX / 5);
  const high = SIDE_PX - low;
  return [0, 1, 2, 3].map((side) => {
    const [across, along] = side % 2 ? [1, SIDE_PX] : [SIDE_PX, 1];
    const isFar = side === 1 || side === 2;
    return Float64Array.from({ length: most }, (_, distance) => {
      const inner = isFar ? SIDE_PX - 1 - distance : distance;
      const outer = isFar ? inner + 1 : inner - 1;
      if (outer < 0 || outer >= SIDE_PX) return 0;
      let sum = 0;
      for (let place = low; place < high; place++) {
        let top = 0;
        for (let c = 0; c < 3; c++) {
          const at = c * plane + place * along;
          const step = planes[at + inner * across] - planes[at + outer * across];
          if (Math.abs(step) > Math.abs(top)) top = step;
        }
        sum += Math.max(-1, Math.min(1, top / FULL_STEP));
      }
      return Math.abs(sum) / (high - low);
    });
  });
}
