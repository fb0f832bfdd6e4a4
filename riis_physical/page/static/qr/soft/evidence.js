// How many bits soft values speak for a message, and what they must reach. See the docs of the
// Python package: the bounds are the same.

/** Least evidence for a message: less than one in 1.7e10 grids of fair coins. */
export const MESSAGE_BITS = 34;
/** Least evidence for each block's word, given the other blocks. */
export const BLOCK_BITS = 20;
/** Largest log odds that values may claim; the better cap counts, for CAP_BITS. */
export const CAPS = [20, 2.2];
export const CAP_BITS = Math.log2(CAPS.length);

const LN2 = Math.LN2;

/** log(1 + exp(x)). @param {number} x */
const softplus = (x) => (x > 0 ? x + Math.log1p(Math.exp(-x)) : Math.log1p(Math.exp(x)));

/** log2 of the sum of powers of two. @param {Iterable<number>} values */
export function logSum2(values) {
  let top = -Infinity;
  for (const value of values) top = Math.max(top, value);
  if (top === -Infinity) return top;
  let sum = 0;
  for (const value of values) sum += 2 ** (value - top);
  return top + Math.log2(sum);
}

/**
 * Bits that each value speaks for a 1, and for a 0.
 * @param {ArrayLike<number>} odds natural log odds of 1
 * @param {number} [cap] largest size
 */
export function bitGains(odds, cap = Infinity) {
  const ones = new Float64Array(odds.length);
  const zeros = new Float64Array(odds.length);
  for (let i = 0; i < odds.length; i++) {
    const value = Math.max(-cap, Math.min(cap, odds[i]));
    ones[i] = 1 - softplus(-value) / LN2;
    zeros[i] = ones[i] - value / LN2;
  }
  return { ones, zeros };
}

/** Bits that values tell where they are as sure as they say. @param {ArrayLike<number>} odds */
export function expectedBits(odds) {
  const { ones, zeros } = bitGains(odds);
  let sum = 0;
  for (let i = 0; i < odds.length; i++) {
    const right = 1 / (1 + Math.exp(-odds[i]));
    sum += right * ones[i] + (1 - right) * zeros[i];
  }
  return sum;
}
