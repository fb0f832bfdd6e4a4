// Corners moved to the edges of the photo itself: each side a slightly bowed line through most of
// the steps of colour near to where it may be.

import { sampleLinear } from "../geometry/picture.js";
import { PROFILES, WHERE, along, robustCurve } from "./curve.js";

/** @typedef {import("../geometry/picture.js").Picture} Picture */
/** @typedef {import("../geometry/quad.js").Quad} Quad */
/** @typedef {import("../geometry/quad.js").Point} Point */
/** @typedef {import("../geometry/region.js").Bows} Bows */
/** @typedef {{corners: Quad, bows: Bows, support: number}} Snapped */
/** @typedef {{ends: Point[], tangents: Point[], support: number, bow: number}} Side */
/** @typedef {{values: Float32Array, width: number}} Rows of PROFILES profiles */

const SUBSAMPLES = 4;
const FULL_CONTRAST = 0.05;
const OUTER_SHARE = 0.75;
const MOST_BOW = 0.014;
const BOW_SUPPORT = 0.45;
const SECOND_REACH = 0.35;
const LEAST_REACH_PX = 3;

/** @param {number} value @param {number} low @param {number} high */
const clip = (value, low, high) => Math.max(low, Math.min(high, value));

/**
 * Fit the sides of a container near to where it may be.
 * @param {Picture} photo
 * @param {Quad} corners right to within reachPx
 * @param {number} reachPx
 * @returns {Snapped}
 */
export function snap(photo, corners, reachPx) {
  const coarse = refine(photo, corners, reachPx);
  const fine = refine(photo, coarse.corners, Math.max(LEAST_REACH_PX, SECOND_REACH * reachPx));
  return fine.support >= coarse.support ? fine : coarse;
}

/** @param {Picture} photo @param {Quad} corners @param {number} reachPx @returns {Snapped} */
function refine(photo, corners, reachPx) {
  const centre = [0, 1].map((axis) => corners.reduce((sum, one) => sum + one[axis] / 4, 0));
  const sides = corners.map((start, s) =>
    fitSide(photo, start, corners[(s + 1) % 4], centre, reachPx),
  );
  const moved = corners.map((corner, s) => {
    const point = meet(sides[(s + 3) % 4], sides[s]);
    const opposite = corners[(s + 2) % 4];
    const length = Math.hypot(corner[0] - opposite[0], corner[1] - opposite[1]);
    const far = point && Math.max(Math.abs(point[0] - corner[0]), Math.abs(point[1] - corner[1]));
    return point && far !== null && far < 2 * reachPx + 0.02 * length ? point : corner;
  });
  return {
    corners: moved,
    bows: /** @type {Bows} */ (sides.map((s) => (s.support > BOW_SUPPORT ? s.bow : 0))),
    support: sides.reduce((sum, side) => sum + side.support, 0) / 4,
  };
}

/**
 * @param {Picture} photo
 * @param {Point} start
 * @param {Point} end
 * @param {number[]} centre
 * @param {number} reachPx
 * @returns {Side}
 */
function fitSide(photo, start, end, centre, reachPx) {
  const length = Math.hypot(end[0] - start[0], end[1] - start[1]);
  const direction = [(end[0] - start[0]) / length, (end[1] - start[1]) / length];
  let normal = [direction[1], -direction[0]];
  const outward =
    ((start[0] + end[0]) / 2 - centre[0]) * normal[0] +
    ((start[1] + end[1]) / 2 - centre[1]) * normal[1];
  if (outward < 0) normal = [-normal[0], -normal[1]];
  const step = Math.max(1, length / 512) / 2;
  const shifts = Math.ceil((reachPx + 0.4 * MOST_BOW * length) / step);
  const mostBow = (MOST_BOW * length) / step;
  const half = shifts + Math.ceil(mostBow) + 10;
  const response = stepResponse(
    profiles(photo, start, direction, normal, length, half, step),
    half,
  );
  const middle = median(response.values);
  const noise = 1.4826 * median(response.values.map((value) => Math.abs(value - middle)));
  const full = Math.max(FULL_CONTRAST, 2.5 * noise);
  const crest = crests(response);
  let curve = bestCurve(response, crest, full, shifts, mostBow);
  let edges = nearestEdges(response, crest, curve, half, 4);
  for (const slack of [4, 3]) {
    edges = nearestEdges(response, crest, curve, half, slack);
    curve = robustCurve(edges, full, curve, mostBow);
  }
  let support = 0;
  for (let p = 0; p < PROFILES; p++) {
    const near = Math.abs(edges.position[p] - along(curve, WHERE[p])) < 2;
    if (near) support += Math.min(edges.strength[p] / full, 1) / PROFILES;
  }
  if (support < 0.2) curve = [0, 0, 0];
  const [level, slope, bow] = curve.map((value) => value * step);
  const at = (/** @type {Point} */ point, /** @type {number} */ out) =>
    /** @type {Point} */ ([point[0] + normal[0] * out, point[1] + normal[1] * out]);
  const tangent = (/** @type {number} */ out) =>
    /** @type {Point} */ ([
      direction[0] * length + normal[0] * out,
      direction[1] * length + normal[1] * out,
    ]);
  return {
    ends: [at(start, level), at(end, level + slope)],
    tangents: [tangent(slope + 4 * bow), tangent(slope - 4 * bow)],
    support,
    bow: bow / length,
  };
}

/**
 * Colours (PROFILES, offsets, 4) in 0 to 1 across a side: red, green, blue, 1.3 times their mean.
 * @param {Picture} photo
 * @param {Point} start
 * @param {number[]} direction
 * @param {number[]} normal
 * @param {number} length
 * @param {number} half
 * @param {number} step
 */
function profiles(photo, start, direction, normal, length, half, step) {
  const width = 2 * half + 1;
  const found = new Float32Array(4 * PROFILES * width);
  const colour = new Float64Array(3);
  const count = PROFILES * SUBSAMPLES;
  for (let line = 0; line < count; line++) {
    const place = (0.015 + (0.97 * (line + 0.5)) / count) * length;
    const row = Math.floor(line / SUBSAMPLES) * width;
    for (let o = 0; o < width; o++) {
      const out = (o - half) * step;
      const x = start[0] + place * direction[0] + out * normal[0];
      const y = start[1] + place * direction[1] + out * normal[1];
      sampleLinear(photo, x, y, colour);
      const to = 4 * (row + o);
      for (let c = 0; c < 3; c++) found[to + c] += colour[c] / (255 * SUBSAMPLES);
    }
  }
  for (let at = 0; at < found.length; at += 4) {
    found[at + 3] = (1.3 / 3) * (found[at] + found[at + 1] + found[at + 2]);
  }
  return found;
}

const TAPS = [-4, -3, -2, -1, 0, 1, 2, 3, 4].map((tap) => tap * Math.exp(-0.5 * (tap / 2) ** 2));
const TAP_SUM = TAPS.reduce((sum, tap) => sum + Math.abs(tap), 0) / 2;

/**
 * Height of a step of any colour at each offset.
 * @param {Float32Array} colours
 * @param {number} half
 * @returns {Rows}
 */
function stepResponse(colours, half) {
  const width = 2 * half + 1;
  const values = new Float32Array(PROFILES * width);
  for (let row = 0; row < PROFILES; row++) {
    for (let o = 0; o < width; o++) {
      let top = 0;
      for (let c = 0; c < 4; c++) {
        let sum = 0;
        for (let tap = 0; tap < 9; tap++) {
          sum += TAPS[tap] * colours[4 * (row * width + clip(o + tap - 4, 0, width - 1)) + c];
        }
        top = Math.max(top, Math.abs(sum) / TAP_SUM);
      }
      values[row * width + o] = top;
    }
  }
  return { values, width };
}

/** Where the response is a local maximum across the side. @param {Rows} rows */
function crests({ values, width }) {
  const found = new Uint8Array(values.length);
  for (let row = 0; row < values.length; row += width) {
    for (let at = row + 1; at < row + width - 1; at++) {
      if (values[at] >= values[at - 1] && values[at] > values[at + 1]) found[at] = 1;
    }
  }
  return found;
}

/** @param {Float32Array} values */
function median(values) {
  const sorted = Float32Array.from(values).sort();
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/**
 * Votes of crests, spread to their neighbours.
 * @param {Float32Array} votes
 * @param {number} width
 * @param {number[]} spread from the middle on
 */
function widened(votes, width, spread) {
  const reach = spread.length - 1;
  const mirror = (/** @type {number} */ i) => (i < 0 ? -i : i >= width ? 2 * width - 2 - i : i);
  const wide = new Float32Array(votes.length);
  for (let row = 0; row < votes.length; row += width) {
    for (let o = 0; o < width; o++) {
      let sum = spread[0] * votes[row + o];
      for (let d = 1; d <= reach; d++) {
        sum += spread[d] * (votes[row + mirror(o - d)] + votes[row + mirror(o + d)]);
      }
      wide[row + o] = Math.min(1, sum);
    }
  }
  return wide;
}

/**
 * The slightly bowed line through most edges, by trying all, in steps.
 * @param {Rows} response
 * @param {Uint8Array} crest
 * @param {number} full
 * @param {number} shifts
 * @param {number} mostBow
 * @returns {number[]}
 */
function bestCurve({ values, width }, crest, full, shifts, mostBow) {
  const half = width >> 1;
  const votes = values.map((value, at) => (crest[at] ? Math.min(value / full, 1) : 0));
  const wide = widened(votes, width, [1, 0.9, 0.6, 0.25]);
  const stride = Math.max(2, Math.ceil(shifts / 7));
  const most = Math.floor(shifts / stride);
  let best = { votes: -Infinity, curve: [0, 0, 0] };
  for (let a = -most; a <= most; a++) {
    for (let b = -most; b <= most; b++) {
      for (let c = -4; c <= 4; c++) {
        const [one, other, bow] = [a * stride, b * stride, (c * mostBow) / 4];
        let sum = 0;
        for (let p = 0; p < PROFILES; p++) {
          const w = WHERE[p];
          const at = Math.round(one * (1 - w) + other * w + bow * 4 * w * (1 - w)) + half;
          sum += wide[p * width + at];
        }
        sum /= PROFILES;
        sum -= (0.015 * (Math.abs(one) + Math.abs(other))) / shifts + 0.03 * Math.abs(c / 4);
        if (sum > best.votes) best = { votes: sum, curve: [one, other - one, bow] };
      }
    }
  }
  // A line further out that is nearly as good wins: one inside may be a frame in the picture.
  const narrow = widened(votes, width, [1, 0.9, 0.6]);
  const { curve } = best;
  const outward = [];
  for (let out = -2; out <= shifts; out++) {
    let sum = 0;
    for (let p = 0; p < PROFILES; p++) {
      const at = clip(Math.round(along(curve, WHERE[p]) + out) + half, 0, 2 * half);
      sum += narrow[p * width + at];
    }
    outward.push(sum / PROFILES);
  }
  const level = OUTER_SHARE * Math.max(...outward.slice(0, 5), 0.5);
  for (let i = outward.length - 2; i >= 5; i--) {
    if (outward[i] >= level && outward[i] >= outward[i - 1] && outward[i] > outward[i + 1]) {
      return [curve[0] + i - 2, curve[1], curve[2]];
    }
  }
  return curve;
}

/**
 * Sub-step position and height of the best edge within slack steps of a line.
 * @param {Rows} response
 * @param {Uint8Array} crest
 * @param {number[]} curve
 * @param {number} half
 * @param {number} slack
 */
function nearestEdges({ values, width }, crest, curve, half, slack) {
  const position = new Float64Array(PROFILES);
  const strength = new Float64Array(PROFILES);
  for (let p = 0; p < PROFILES; p++) {
    const at = along(curve, WHERE[p]) + half;
    let best = 1;
    let top = -1;
    for (let o = Math.max(0, Math.ceil(at - slack)); o <= Math.min(width - 1, at + slack); o++) {
      if (!crest[p * width + o]) continue;
      const height = values[p * width + o] * (1 - 0.5 * ((o - at) / (slack + 1)) ** 2);
      if (height > top) {
        top = height;
        best = o;
      }
    }
    const [left, mid, right] = [-1, 0, 1].map((d) => values[p * width + best + d]);
    const bend = left - 2 * mid + right;
    const isPeak = top >= 0 && bend < -1e-7;
    position[p] = best + (isPeak ? (0.5 * (left - right)) / bend : 0) - half;
    strength[p] = isPeak ? mid : 0;
  }
  return { position, strength };
}

/**
 * Where one side's end meets the other's start, null if they are nearly parallel.
 * @param {Side} one
 * @param {Side} other
 * @returns {Point | null}
 */
function meet(one, other) {
  const d = one.tangents[1];
  const e = other.tangents[0];
  const det = d[0] * e[1] - d[1] * e[0];
  if (Math.abs(det) < 0.3 * Math.hypot(...d) * Math.hypot(...e)) return null;
  const gap = [other.ends[0][0] - one.ends[1][0], other.ends[0][1] - one.ends[1][1]];
  const s = (gap[0] * e[1] - gap[1] * e[0]) / det;
  return [one.ends[1][0] + s * d[0], one.ends[1][1] + s * d[1]];
}
