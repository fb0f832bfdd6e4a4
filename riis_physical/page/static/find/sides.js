// From where a network sees the four sides of a picture to corners.

/** @typedef {import("../geometry/quad.js").Quad} Quad */
/** @typedef {import("../geometry/quad.js").Point} Point */

const STEP = 1.5;
const SAMPLES = 24;
const NEAR = 3;
const INNER = 0.04;
const NOWHERE = 0.003;
const MARGIN_CELLS = 16;

/**
 * Corners from the distributions of the four sides, in cells, and how sure they are.
 * @param {Float32Array} sides (4, cells across, cells along) probabilities
 * @param {number} cells
 * @returns {{quad: Quad, sure: number}}
 */
export function fitSides(sides, cells) {
  const low = MARGIN_CELLS - 0.5;
  const high = cells - MARGIN_CELLS - 0.5;
  /** @type {Quad} */
  let quad = [
    [low, low],
    [high, low],
    [high, high],
    [low, high],
  ];
  let sure = 0;
  for (let turn = 0; turn < 2; turn++) {
    const lines = [0, 1, 2, 3].map((side) => {
      const near = sides.subarray(side * cells * cells, (side + 1) * cells * cells);
      const ends = [quad[side][side % 2], quad[(side + 1) % 4][side % 2]];
      return likeliest(near, cells, Math.min(...ends), Math.max(...ends));
    });
    quad = [0, 1, 2, 3].map((s) => crossing(lines[(s + 3) % 4].line, lines[s].line, s));
    sure = Math.min(...lines.map((one) => one.share));
  }
  return { quad, sure };
}

/** Probabilities smoothed across a side. @param {Float32Array} near @param {number} cells */
function smoothed(near, cells) {
  const kernel = [0, 1, 2].map((i) => Math.exp(-(i * i) / 2));
  const total = kernel[0] + 2 * kernel[1] + 2 * kernel[2];
  const mirror = (/** @type {number} */ i) => (i < 0 ? -i : i >= cells ? 2 * cells - 2 - i : i);
  return near.map((_, at) => {
    const across = Math.floor(at / cells);
    const along = at % cells;
    let sum = 0;
    for (let d = -2; d <= 2; d++)
      sum += kernel[Math.abs(d)] * near[mirror(across + d) * cells + along];
    return sum / total;
  });
}

/**
 * The line that most of a side's probability lies on: across = line[0] + line[1] * along.
 * @param {Float32Array} near
 * @param {number} cells
 * @param {number} start
 * @param {number} end
 */
function likeliest(near, cells, start, end) {
  const room = INNER * (end - start);
  let first = Math.max(0, Math.ceil(start + room));
  let last = Math.min(cells - 1, Math.floor(end - room));
  if (last - first < SAMPLES / 4) {
    first = cells >> 2;
    last = cells - (cells >> 2);
  }
  const places = new Set();
  for (let i = 0; i < SAMPLES; i++) places.add(even(first + ((last - first) * i) / (SAMPLES - 1)));
  const logs = smoothed(near, cells).map((value) => Math.log(value + NOWHERE));
  let best = { votes: -Infinity, one: 0, other: 0 };
  for (let one = 0; one < cells; one += STEP) {
    for (let other = 0; other < cells; other += STEP) {
      let votes = 0;
      for (const place of places) {
        const share = (place - first) / Math.max(last - first, 1);
        votes += logs[Math.min(cells - 1, even(one * (1 - share) + other * share)) * cells + place];
      }
      votes /= places.size;
      if (votes > best.votes) best = { votes, one, other };
    }
  }
  const slope = (best.other - best.one) / Math.max(last - first, 1);
  return fitted(near, cells, [best.one - slope * first, slope], first, last);
}

/** Rounded as NumPy does, halves to even numbers. @param {number} value */
function even(value) {
  const down = Math.floor(value);
  if (value - down !== 0.5) return Math.round(value);
  return down % 2 ? down + 1 : down;
}

/**
 * A line moved to the middle of what lies near it, and how much does.
 * @param {Float32Array} near
 * @param {number} cells
 * @param {number[]} line
 * @param {number} first
 * @param {number} last
 */
function fitted(near, cells, line, first, last) {
  let share = 0;
  for (let turn = 0; turn < 3; turn++) {
    const prior = 1e-6;
    let [s0, s1, s2, t0, t1] = [prior, 0, prior, prior * line[0], prior * line[1]];
    share = 0;
    for (let x = first; x <= last; x++) {
      const expected = line[0] + line[1] * x;
      let mass = 0;
      let moment = 0;
      for (
        let row = Math.max(0, Math.ceil(expected - NEAR));
        row <= Math.min(cells - 1, expected + NEAR);
        row++
      ) {
        mass += near[row * cells + x];
        moment += near[row * cells + x] * row;
      }
      const middle = moment / Math.max(mass, 1e-6);
      s0 += mass;
      s1 += mass * x;
      s2 += mass * x * x;
      t0 += mass * middle;
      t1 += mass * middle * x;
      share += mass / (last - first + 1);
    }
    const det = s0 * s2 - s1 * s1;
    line = [(t0 * s2 - t1 * s1) / det, (s0 * t1 - s1 * t0) / det];
  }
  return { line, share };
}

/**
 * Where two neighbouring sides meet; `after` begins at this corner.
 * @param {number[]} before
 * @param {number[]} after
 * @param {number} corner
 * @returns {Point}
 */
function crossing(before, after, corner) {
  const [level, upright] = corner % 2 === 0 ? [after, before] : [before, after];
  const x = (upright[0] + upright[1] * level[0]) / (1 - upright[1] * level[1]);
  return [x, level[0] + level[1] * x];
}
