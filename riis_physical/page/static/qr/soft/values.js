// Soft module values: how much they look like a code, and as calibrated log odds.

import { functionModules, knownModules, gridSize } from "../code/structure.js";

/** @typedef {Float32Array} Grid N x N soft values row by row, positive for dark */

const SURELY_WRONG = 0.002;
const USUAL_FACTOR = 5.5;
const PRIOR_COUNT = 4;
const STEPS = 30;
const CLIP = 3;

/** @param {number[] | Float32Array | Float64Array} values sorted in place */
function medianOf(values) {
  if (!values.length) return 1;
  values.sort((a, b) => a - b);
  const middle = values.length >> 1;
  return values.length % 2 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

/**
 * Agreement of values with expected modules, -1 to 1.
 * @param {ArrayLike<number>} soft
 * @param {ArrayLike<number>} dark
 * @param {ArrayLike<number>} at
 */
function contrast(soft, dark, at) {
  const sum = [0, 0];
  const size = [0, 0];
  const count = [0, 0];
  for (let i = 0; i < at.length; i++) {
    const side = dark[i] ? 1 : 0;
    const value = soft[at[i]];
    sum[side] += value;
    size[side] += Math.abs(value);
    count[side]++;
  }
  const scale = size[1] / count[1] + size[0] / count[0];
  if (!Number.isFinite(scale) || scale <= 0) return 0;
  return (sum[1] / count[1] - sum[0] / count[0]) / scale;
}

/** Agreement with all that a code's grid must hold. @param {Grid} grid @param {number} version */
export function presenceScore(grid, version) {
  const { mask, values } = functionModules(version);
  const at = [];
  const dark = [];
  for (let i = 0; i < mask.length; i++) {
    if (mask[i]) {
      at.push(i);
      dark.push(values[i]);
    }
  }
  return contrast(grid, dark, at);
}

/**
 * Agreement of the top-left 8 x 8 modules with a finder pattern.
 * @param {ArrayLike<number>} values
 * @param {number} width of a row
 * @param {number} [start]
 */
export function finderScore(values, width, start = 0) {
  const size = gridSize(1);
  const expected = knownModules(1, "H").values;
  const at = [];
  const dark = [];
  for (let row = 0; row < 8; row++) {
    for (let column = 0; column < 8; column++) {
      at.push(start + row * width + column);
      dark.push(expected[row * size + column]);
    }
  }
  return contrast(values, dark, at);
}

/** In units of their median size, limited to 3. @param {ArrayLike<number>} logits */
export function normalised(logits) {
  const grid = Float64Array.from(logits, (value) => (Number.isNaN(value) ? 0 : value));
  const median = medianOf(grid.map(Math.abs).filter((value) => value > 0));
  return Float32Array.from(grid, (value) => Math.max(-CLIP, Math.min(CLIP, value / median)));
}

/**
 * Whether values agree with the patterns of every code well enough to try.
 * @param {Grid} grid
 * @param {number} version
 */
export function passesGate(grid, version) {
  const { mask, values } = functionModules(version);
  let known = 0;
  let all = 0;
  let right = 0;
  for (let i = 0; i < mask.length; i++) {
    if (!mask[i]) continue;
    all++;
    if (grid[i] === 0) continue;
    known++;
    if (grid[i] > 0 === Boolean(values[i])) right++;
  }
  return known >= all / 2 && right / known >= 0.66 && presenceScore(grid, version) >= 0.3;
}

/**
 * The factor that makes values log odds, from modules whose sign is known.
 * @param {number[]} signed in units of the median size, positive where right
 */
function calibratedFactor(signed) {
  const value = signed.map((one) => Math.max(-3, Math.min(3, one)));
  let low = 0;
  let high = 8 * USUAL_FACTOR;
  for (let step = 0; step < STEPS; step++) {
    const factor = (low + high) / 2;
    let gain = PRIOR_COUNT * (1 / factor - 1 / USUAL_FACTOR);
    for (const one of value)
      gain += one / (1 + Math.exp(Math.max(-50, Math.min(50, factor * one))));
    if (gain > 0) low = factor;
    else high = factor;
  }
  return (low + high) / 2;
}

/** log(exp(a) + exp(b)). @param {number} a @param {number} b */
const logAdd = (a, b) => Math.max(a, b) + Math.log1p(Math.exp(-Math.abs(a - b)));

/**
 * Log odds of each module being dark, calibrated on the known modules.
 * @param {ArrayLike<number>} logits
 * @param {number} version
 */
export function logLikelihoods(logits, version) {
  const grid = Float64Array.from(logits, (value) => (Number.isNaN(value) ? 0 : value));
  const unit = medianOf(grid.map(Math.abs).filter((value) => value > 0));
  const { mask, values } = functionModules(version);
  const signed = [];
  for (let i = 0; i < mask.length; i++) {
    if (mask[i]) signed.push((values[i] ? grid[i] : -grid[i]) / unit);
  }
  const factor = calibratedFactor(signed);
  const right = Math.log1p(-SURELY_WRONG);
  const wrong = Math.log(SURELY_WRONG);
  return Float32Array.from(grid, (value) => {
    const odds = Math.max(-50, Math.min(50, (factor * value) / unit));
    return logAdd(odds + right, wrong) - logAdd(odds + wrong, right);
  });
}
