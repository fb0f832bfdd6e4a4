// The part of a photo around a place, straightened onto a frame: by a homography, bowed sides,
// and as finely as the photo is, averaged down.

import { between, frameCorners, inverse, mapped } from "./homography.js";
import { cropped, halved, sampleCubic, sampleLinear } from "./picture.js";
import { sideLengths } from "./quad.js";

/** @typedef {import("./picture.js").Picture} Picture */
/** @typedef {import("./quad.js").Quad} Quad */
/** @typedef {import("./homography.js").Matrix} Matrix */
/**
 * A straightened picture.
 * @typedef {object} Rectified
 * @property {Float32Array} planes (3, height, width) RGB in 0 to 1
 * @property {number} scalePx photo pixels a module (8 frame pixels) along the shorter axis
 */
/** @typedef {[number, number, number, number]} Bows of the sides, shares of their lengths, outwards */

export const MODULE_PX = 8;
const MOST_SUPERSAMPLING = 2;
const LEAST_BOW = 0.001;
/** @type {Bows} */
export const STRAIGHT = [0, 0, 0, 0];

export class Region {
  /** @param {Picture} photo @param {Quad} corners outer ones @param {Bows} [bows] */
  constructor(photo, corners, bows = STRAIGHT) {
    this.corners = corners;
    this.bows = bows;
    const xs = corners.map(([x]) => x);
    const ys = corners.map(([, y]) => y);
    const extent = Math.max(Math.max(...xs) - Math.min(...xs), Math.max(...ys) - Math.min(...ys));
    const pad = 4 + (0.02 + Math.max(...bows.map(Math.abs))) * extent;
    const clip = (/** @type {number} */ v, /** @type {number} */ most) =>
      Math.max(0, Math.min(most, v));
    const left = clip(Math.floor(Math.min(...xs) - pad), photo.width);
    const top = clip(Math.floor(Math.min(...ys) - pad), photo.height);
    const right = clip(Math.ceil(Math.max(...xs) + pad), photo.width);
    const bottom = clip(Math.ceil(Math.max(...ys) + pad), photo.height);
    /** Whether the photo shows anything of the place. */
    this.isSeen = right - left > 1 && bottom - top > 1;
    this.left = left;
    this.top = top;
    /** @type {Picture[]} */
    this.levels = this.isSeen ? [cropped(photo, left, top, right - left, bottom - top)] : [];
  }

  /** The crop at a fraction of its size. @param {number} level */
  reduced(level) {
    while (this.levels.length <= level)
      this.levels.push(halved(this.levels[this.levels.length - 1]));
    return this.levels[level];
  }

  /**
   * @param {number} size side of the whole frame, in pixels
   * @param {number} [turn] quarter turns: the frame begins at this corner
   * @param {{left: number, top: number, side: number}} [window] of the frame; all by default
   * @returns {Rectified}
   */
  rectify(size, turn = 0, window = { left: 0, top: 0, side: size }) {
    const corners = this.corners.map((_, c) => this.corners[(c + turn) % 4]);
    const bows = this.bows.map((_, s) => this.bows[(s + turn) % 4]);
    const warp = between(frameCorners(size, size), corners);
    const [a, b, c, d, e, f, g, h] = warp;
    const bend = bendOf(warp, corners, bows, size);
    const sides = sideLengths(corners);
    const dense = Math.max(...sides) / size;
    let level = 0;
    while (dense / 2 ** level > MOST_SUPERSAMPLING && this.isLarge(level)) level++;
    const times = Math.max(1, Math.min(MOST_SUPERSAMPLING, Math.ceil(dense / 2 ** level)));
    const picture = this.reduced(level);
    const reduce = 2 ** -level;
    const { side } = window;
    const plane = side * side;
    const found = new Float32Array(3 * plane);
    const colour = new Float64Array(3);
    const share = 1 / (255 * times * times);
    for (let y = 0; y < side; y++) {
      for (let x = 0; x < side; x++) {
        let red = 0;
        let green = 0;
        let blue = 0;
        for (let j = 0; j < times; j++) {
          const fy = window.top + y + (2 * j + 1 - times) / (2 * times);
          for (let i = 0; i < times; i++) {
            const fx = window.left + x + (2 * i + 1 - times) / (2 * times);
            const at = bend ? bend(fx, fy) : null;
            const bx = at ? fx + at[0] : fx;
            const by = at ? fy + at[1] : fy;
            const w = g * bx + h * by + 1;
            const u = ((a * bx + b * by + c) / w - this.left + 0.5) * reduce - 0.5;
            const v = ((d * bx + e * by + f) / w - this.top + 0.5) * reduce - 0.5;
            if (times > 1) sampleLinear(picture, u, v, colour);
            else sampleCubic(picture, u, v, colour);
            red += colour[0];
            green += colour[1];
            blue += colour[2];
          }
        }
        const at = y * side + x;
        found[at] = red * share;
        found[plane + at] = green * share;
        found[2 * plane + at] = blue * share;
      }
    }
    const across = (sides[0] + sides[2]) / 2 / size;
    const along = (sides[1] + sides[3]) / 2 / size;
    return { planes: found, scalePx: MODULE_PX * Math.min(across, along) };
  }

  /** @param {number} level */
  isLarge(level) {
    const { width, height } = this.reduced(level);
    return Math.min(width, height) >= 8;
  }
}

/**
 * How bowed sides bend the frame, null for straight ones: a Coons patch.
 * @param {Matrix} warp
 * @param {Quad} corners
 * @param {number[]} bows
 * @param {number} size
 */
function bendOf(warp, corners, bows, size) {
  if (Math.max(...bows.map(Math.abs)) < LEAST_BOW) return null;
  const back = inverse(warp);
  const own = corners.map(([x, y], s) => {
    const [nx, ny] = corners[(s + 1) % 4];
    const [dx, dy] = [nx - x, ny - y];
    const [mx, my] = mapped(back, x + dx / 2 + bows[s] * dy, y + dy / 2 - bows[s] * dx);
    return [(mx + 0.5) / size, (my + 0.5) / size];
  });
  const beyond = [
    -own[0][1] * size,
    (own[1][0] - 1) * size,
    (own[2][1] - 1) * size,
    -own[3][0] * size,
  ];
  const along = [own[0][0], own[1][1], own[2][0], own[3][1]].map((v) =>
    Math.max(0.1, Math.min(0.9, v)),
  );
  const [top, right, bottom, left] = beyond.map((px, s) => px / (4 * along[s] * (1 - along[s])));
  if (Math.max(...[top, right, bottom, left].map(Math.abs)) / size < LEAST_BOW) return null;
  const stretchX = 0.5 * (top + bottom);
  const stretchY = 0.5 * (left + right);
  return (/** @type {number} */ x, /** @type {number} */ y) => {
    const u = (x + 0.5) / size;
    const v = (y + 0.5) / size;
    const archU = 4 * u * (1 - u);
    const archV = 4 * v * (1 - v);
    return [
      archV * (u * right - (1 - u) * left) + stretchX * (2 * u - 1) * archU,
      archU * (v * bottom - (1 - v) * top) + stretchY * (2 * v - 1) * archV,
    ];
  };
}
