// How far soft bits can be believed by where they lie: known modules, and blocks that were read,
// tell how often values were wrong nearby (glare, a finger on the picture).

import { codewordCount, dataPath, gridSize, knownModules } from "../code/structure.js";

const NEIGHBOURHOOD = 2;
const REACH = 8;

/**
 * A grid smoothed with a Gaussian; outside of it lie zeros.
 * @param {Float64Array} grid
 * @param {number} size
 */
function smoothed(grid, size) {
  const kernel = Array.from({ length: REACH + 1 }, (_, d) =>
    Math.exp(-0.5 * (d / NEIGHBOURHOOD) ** 2),
  );
  const total = kernel.reduce((sum, one) => sum + 2 * one, -kernel[0]);
  let found = grid;
  for (const step of [1, size]) {
    const before = found;
    found = before.map((_, at) => {
      const place = step === 1 ? at % size : Math.floor(at / size);
      let sum = 0;
      for (let d = -REACH; d <= REACH; d++) {
        if (place + d >= 0 && place + d < size) sum += kernel[Math.abs(d)] * before[at + d * step];
      }
      return sum / total;
    });
  }
  return found;
}

/**
 * Weights for the soft bits of all codewords.
 * @param {import("./codebits.js").CodeBits} bits
 * @param {Float32Array} grid log odds of dark that they came from
 * @param {(Uint8Array | null)[]} words of the blocks that were read
 */
export function localWeights(bits, grid, words) {
  const { version, level, layout } = bits;
  const size = gridSize(version);
  const { places, inverted } = dataPath(version);
  const { mask, values } = knownModules(version, level);
  const known = Float64Array.from(mask);
  const expected = Uint8Array.from(values);
  words.forEach((word, number) => {
    word?.forEach((symbol, at) => {
      const first = 8 * layout[number].positions[at];
      for (let bit = 0; bit < 8; bit++) {
        const place = places[first + bit];
        known[place] = 1;
        expected[place] = ((symbol >> (7 - bit)) & 1) ^ inverted[first + bit];
      }
    });
  });
  const wrong = known.map((one, at) => {
    if (grid[at] === 0) known[at] = 0;
    return one && grid[at] !== 0 && grid[at] > 0 !== Boolean(expected[at]) ? 1 : 0;
  });
  const sum = (/** @type {Float64Array} */ list) => list.reduce((a, b) => a + b, 0);
  const overall = (sum(wrong) + 1) / (sum(known) + 2);
  const near = smoothed(wrong, size);
  const count = smoothed(known, size);
  return Float32Array.from({ length: 8 * codewordCount(version) }, (_, i) => {
    const rate = (near[places[i]] + 0.05 * overall) / (count[places[i]] + 0.05);
    const clipped = Math.max(0.005, Math.min(0.495, rate));
    return Math.log((1 - clipped) / clipped);
  });
}
