// Pictures in a photo, by the network for whole photos: areas of its maps and votes for corners.

import { planes } from "../geometry/picture.js";
import { apart, areaOf, contains, sizeOf } from "../geometry/quad.js";
import { borders, finer, fourSides, hull, shortest } from "./outline.js";

/** @typedef {import("../geometry/picture.js").Picture} Picture */
/** @typedef {import("../geometry/quad.js").Quad} Quad */
/** @typedef {import("../engine.js").Network} Network */
/**
 * A picture that the network sees; corners in the photo, from the top left clockwise.
 * @typedef {{corners: Quad, container: number, picture: number, fill: number}} Detection
 */
/**
 * The network's maps: probabilities (height, width), offsets (4, 2, height, width).
 * @typedef {object} Maps
 * @property {Float32Array} container
 * @property {Float32Array} picture
 * @property {Float32Array} offsets
 * @property {number} width
 * @property {number} height
 */

const STRIDE = 16;
const MULTIPLE = 64;
const OFFSET_UNIT = 256;
const LIKELY = 0.5;
const AGREE = 0.15;
const FEWEST_CELLS = 6;
const SHORTEST_CELLS = 2.5;
const LEVELS = [0.5, 0.3, 0.75, 0.9, 0.96];
const FINER = 4;
const LEAST_FILL = 0.8;
const SAME = 0.03;
const MOST_PICTURES = 8;

/** @param {Float32Array} logits */
export const sigmoid = (logits) => logits.map((value) => 1 / (1 + Math.exp(-value)));

/**
 * Pictures in a photo, the likeliest containers first.
 * @param {Network} network
 * @param {Picture} photo
 * @param {number} copyPx long side of the copy that the network sees
 * @returns {Promise<Detection[]>}
 */
export async function detect(network, photo, copyPx) {
  const scale = copyPx / Math.max(photo.width, photo.height);
  const [width, height] = [photo.width, photo.height].map((side) =>
    Math.max(MULTIPLE, Math.round((side * scale) / MULTIPLE) * MULTIPLE),
  );
  const seen = await network.run({
    photos: { data: planes(photo, width, height), dims: [1, 3, height, width] },
  });
  const found = gather({
    container: sigmoid(seen.container.data),
    picture: sigmoid(seen.picture.data),
    offsets: seen.offsets.data,
    width: width / STRIDE,
    height: height / STRIDE,
  });
  const ratio = [photo.width / width, photo.height / height];
  return found.map((one) => ({
    ...one,
    corners: one.corners.map(([x, y]) => [(x + 0.5) * ratio[0] - 0.5, (y + 0.5) * ratio[1] - 0.5]),
  }));
}

/**
 * Pictures from the network's maps, in pixels of its input.
 * @param {Maps} maps
 * @returns {Detection[]}
 */
export function gather(maps) {
  /** @type {Detection[]} */
  const found = [];
  for (const one of [...outlined(maps), ...voted(maps)]) {
    if (found.every((other) => apart(one.corners, other.corners) >= SAME * sizeOf(one.corners))) {
      found.push(one);
    }
  }
  return found.sort((a, b) => b.container * b.fill - a.container * a.fill).slice(0, MOST_PICTURES);
}

/** Quadrilaterals about the areas of either map, the fullest first. @param {Maps} maps */
function outlined(maps) {
  const { width, height } = maps;
  const fine = [maps.picture, maps.container].map((map) => finer(map, width, height, FINER));
  const found = [];
  for (const level of LEVELS) {
    for (const map of fine) {
      for (const border of borders(map, width * FINER, height * FINER, level)) {
        const one = around(border, maps);
        if (one) found.push(one);
      }
    }
  }
  return found.sort((a, b) => b.fill - a.fill);
}

/**
 * The smallest quadrilateral about an outline, null where the area fills it badly.
 * @param {import("../geometry/quad.js").Point[]} border
 * @param {Maps} maps
 * @returns {Detection | null}
 */
function around(border, maps) {
  const area = Math.abs(areaOf(border));
  if (area < FEWEST_CELLS * FINER ** 2) return null;
  const quad = fourSides(hull(border));
  if (!quad || shortest(quad) < SHORTEST_CELLS * FINER) return null;
  const clockwise = areaOf(quad) < 0 ? [...quad].reverse() : quad;
  const fill = area / Math.max(Math.abs(areaOf(quad)), 1e-6);
  if (fill < LEAST_FILL) return null;
  const cells = clockwise.map(([x, y]) => [(x + 0.5) / FINER - 0.5, (y + 0.5) / FINER - 0.5]);
  const mean = meanWithin(/** @type {Quad} */ (cells), maps);
  if (!mean) return null;
  const unit = STRIDE / FINER;
  const corners = clockwise.map(([x, y]) => [(x + 0.5) * unit - 0.5, (y + 0.5) * unit - 0.5]);
  return { corners: fromTopLeft(/** @type {Quad} */ (corners)), ...mean, fill: Math.min(fill, 1) };
}

/** @param {Quad} quad @returns {Quad} */
function fromTopLeft(quad) {
  const sums = quad.map(([x, y]) => x + y);
  const first = sums.indexOf(Math.min(...sums));
  return quad.map((_, c) => quad[(c + first) % 4]);
}

/** @param {Quad} cells @param {Maps} maps */
function meanWithin(cells, { container, picture, width, height }) {
  let count = 0;
  let inContainer = 0;
  let inPicture = 0;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (!contains(cells, x, y)) continue;
      count++;
      inContainer += container[y * width + x];
      inPicture += picture[y * width + x];
    }
  }
  return count ? { container: inContainer / count, picture: inPicture / count } : null;
}

/**
 * Quadrilaterals that positions agree on, each position for one of them.
 * @param {Maps} maps
 * @returns {Detection[]}
 */
function voted({ container, picture, offsets, width, height }) {
  /** @type {{at: number, x: number, y: number, away: number[][], votes: Quad, left: boolean}[]} */
  const cells = [];
  for (let at = 0; at < width * height; at++) {
    if (picture[at] < LIKELY) continue;
    const x = (at % width) * STRIDE + (STRIDE - 1) / 2;
    const y = Math.floor(at / width) * STRIDE + (STRIDE - 1) / 2;
    const away = [0, 1, 2, 3].map((c) =>
      [0, 1].map((axis) => OFFSET_UNIT * offsets[(2 * c + axis) * width * height + at]),
    );
    const votes = /** @type {Quad} */ (away.map(([dx, dy]) => [x + dx, y + dy]));
    cells.push({ at, x, y, away, votes, left: true });
  }
  /** @type {Detection[]} */
  const found = [];
  const waiting = () => cells.filter((cell) => cell.left);
  while (waiting().length >= FEWEST_CELLS && found.length < MOST_PICTURES) {
    const left = waiting();
    const seed = left.reduce((top, cell) => (picture[cell.at] > picture[top.at] ? cell : top));
    let corners = seed.votes;
    /** @type {typeof left} */
    let members = [];
    for (let turn = 0; turn < 3; turn++) {
      const size = sizeOf(corners);
      members = left.filter((cell) => apart(cell.votes, corners) < AGREE * size);
      if (members.length < FEWEST_CELLS) break;
      corners = corners.map((_, c) => {
        let total = 0;
        let sx = 0;
        let sy = 0;
        for (const cell of members) {
          const weight = picture[cell.at] / (Math.hypot(...cell.away[c]) + 0.15 * size) ** 2;
          total += weight;
          sx += weight * cell.votes[c][0];
          sy += weight * cell.votes[c][1];
        }
        return [sx / total, sy / total];
      });
    }
    if (members.length < FEWEST_CELLS) {
      seed.left = false;
      continue;
    }
    const area = Math.abs(areaOf(corners)) / STRIDE ** 2;
    const mean = (/** @type {Float32Array} */ map) =>
      members.reduce((sum, cell) => sum + map[cell.at], 0) / members.length;
    found.push({
      corners,
      container: mean(container),
      picture: mean(picture),
      fill: Math.min(1, members.length / Math.max(area, 1)),
    });
    const taken = new Set(members);
    for (const cell of left) {
      if (taken.has(cell) || contains(corners, cell.x, cell.y)) cell.left = false;
    }
  }
  return found;
}
