// From where a network sees the four sides of a picture to corners.

/** @typedef {import("../geometry/quad.js").Quad} Quad */
/** @typedef {import("../geometry/quad.js").Point} Point */

const STEP = 1.5;
const SAMPLES = 24;
const NEAR = 3;
const INNER = 0.04;
const NOWHERE = 0.003;
/** Further lines of each side, as capture/find/learned/sides.py has them. */
const FURTHER = 2;
const UNLIKELIER = -1.75;
const APART = 2;
const MAXIMA = 8;
const MARGIN_CELLS = 16;

/**
 * Corners that four sides give, in cells.
 * @typedef {object} Sides
 * @property {Quad} quad clockwise from the top left
 * @property {number} sure 0 to 1, how much probability lies near the lines, the least of the four
 * @property {Quad[]} others like `quad` but for one side each, the likeliest first
 */
/**
 * A side as across = line[0] + line[1] * along.
 * @typedef {object} Line
 * @property {number[]} line
 * @property {number} share of its probability that lies near the line
 * @property {number} fall log of its probability less the best line's, in the mean over the side
 */

/**
 * Corners from the distributions of the four sides.
 * @param {Float32Array} sides (4, cells across, cells along) probabilities
 * @param {number} cells
 * @returns {Sides}
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
  /** @type {Line[][]} */
  let found = [];
  for (const further of [0, FURTHER]) {
    found = [0, 1, 2, 3].map((side) => {
      const near = sides.subarray(side * cells * cells, (side + 1) * cells * cells);
      const ends = [quad[side][side % 2], quad[(side + 1) % 4][side % 2]];
      return lines(near, cells, Math.min(...ends), Math.max(...ends), further);
    });
    quad = quadOf(found.map(([best]) => best.line));
  }
  const best = found.map(([one]) => one.line);
  const others = found
    .flatMap((own, side) => own.slice(1).map((one) => ({ ...one, side })))
    .sort((a, b) => b.fall - a.fall)
    .map(({ line, side }) => quadOf(best.map((own, s) => (s === side ? line : own))));
  return { quad, sure: Math.min(...found.map(([one]) => one.share)), others };
}

/** Corners of the top, right, bottom and left side. @param {number[][]} own @returns {Quad} */
const quadOf = (own) => own.map((line, s) => crossing(own[(s + 3) % 4], line, s));

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
 * The line that most of a side's probability lies on, then up to `further` others.
 * @param {Float32Array} near
 * @param {number} cells
 * @param {number} start
 * @param {number} end
 * @param {number} further
 * @returns {Line[]}
 */
function lines(near, cells, start, end, further) {
  const room = INNER * (end - start);
  let first = Math.max(0, Math.ceil(start + room));
  let last = Math.min(cells - 1, Math.floor(end - room));
  if (last - first < SAMPLES / 4) {
    first = cells >> 2;
    last = cells - (cells >> 2);
  }
  const length = Math.max(last - first, 1);
  const places = new Set();
  for (let i = 0; i < SAMPLES; i++) places.add(even(first + ((last - first) * i) / (SAMPLES - 1)));
  const steps = Math.ceil(cells / STEP);
  const votes = votesOf(near, cells, [...places], (place) => (place - first) / length, steps);
  const best = votes.reduce((top, value) => Math.max(top, value), -Infinity);
  /** @type {Line[]} */
  const found = [];
  for (let maximum = 0; maximum < (further ? MAXIMA : 1); maximum++) {
    let at = 0;
    for (let i = 1; i < votes.length; i++) if (votes[i] > votes[at]) at = i;
    const fall = votes[at] - best;
    if (fall < UNLIKELIER || found.length > further) break;
    const [one, other] = [STEP * Math.floor(at / steps), STEP * (at % steps)];
    const slope = (other - one) / length;
    const { line, share } = fitted(near, cells, [one - slope * first, slope], first, last);
    if (found.every((known) => distance(line, known.line, first, last) > APART)) {
      found.push({ line, share, fall });
    }
    const middle = (one + other) / 2;
    for (let i = 0; i < votes.length; i++) {
      const own = (STEP * (Math.floor(i / steps) + (i % steps))) / 2;
      if (Math.abs(own - middle) <= NEAR) votes[i] = -Infinity;
    }
  }
  return found;
}

/**
 * Mean log of the probability along each line, by where it starts and where it ends.
 * @param {Float32Array} near
 * @param {number} cells
 * @param {number[]} places
 * @param {(place: number) => number} shareOf
 * @param {number} steps
 */
function votesOf(near, cells, places, shareOf, steps) {
  const logs = smoothed(near, cells).map((value) => Math.log(value + NOWHERE));
  const votes = new Float64Array(steps * steps);
  for (const place of places) {
    const share = shareOf(place);
    for (let one = 0; one < steps; one++) {
      for (let other = 0; other < steps; other++) {
        const across = even(STEP * (one * (1 - share) + other * share));
        votes[one * steps + other] += logs[Math.min(cells - 1, across) * cells + place];
      }
    }
  }
  return votes.map((value) => value / places.length);
}

/**
 * Between two lines, the larger one of their ends'.
 * @param {number[]} one
 * @param {number[]} other
 * @param {number} first
 * @param {number} last
 */
function distance(one, other, first, last) {
  const [level, slope] = [one[0] - other[0], one[1] - other[1]];
  return Math.max(Math.abs(level + slope * first), Math.abs(level + slope * last));
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
