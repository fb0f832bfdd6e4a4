// Soft bits of a text to the odds of its bits, given which characters follow which: the
// forward-backward algorithm over a chain of characters.

/** Chances below this are none: what they add is lost in rounding. */
const UNSEEN = 1e-13;

/** @typedef {Float64Array} Floats */
/**
 * Characters of a mode, and how units of one to three of them are written.
 * @typedef {object} Alphabet
 * @property {Floats[]} chances of each character after each, (A + 1) rows of A; the last the start
 * @property {number} size A
 * @property {number} unit characters in a whole unit
 * @property {number[]} bits of a unit of 1, 2, 3 characters
 */
/** @typedef {{states: Floats[], log2: number[]}} Forward chances before each unit, log2 of sums */

/**
 * Chance of a unit's soft bits under each of its values, over that under coins.
 * @param {Alphabet} alphabet
 * @param {ArrayLike<number>} ones log2 of it for each bit, if the bit is 1
 * @param {ArrayLike<number>} zeros if it is 0
 * @param {number} start first bit
 * @param {number} characters in the unit
 * @returns {Floats} (A ** characters)
 */
export function emissions(alphabet, ones, zeros, start, characters) {
  const bits = alphabet.bits[characters - 1];
  const values = alphabet.size ** characters;
  const chance = new Float64Array(values);
  for (let value = 0; value < values; value++) {
    let log2 = 0;
    for (let bit = 0; bit < bits; bit++) {
      log2 += (value >> (bits - 1 - bit)) & 1 ? ones[start + bit] : zeros[start + bit];
    }
    chance[value] = 2 ** Math.max(-900, Math.min(900, log2));
  }
  return chance;
}

/**
 * Joint chances of a unit's characters and its soft bits.
 * @param {Alphabet} alphabet
 * @param {Floats} state
 * @param {Floats} emission
 * @returns {Floats}
 */
export function joint(alphabet, state, emission) {
  const { size, chances } = alphabet;
  /** @type {Floats} */
  let chance = new Float64Array(size);
  for (let before = 0; before < state.length; before++) {
    const share = state[before];
    if (share < UNSEEN) continue;
    const row = chances[before];
    for (let next = 0; next < size; next++) chance[next] += share * row[next];
  }
  while (chance.length < emission.length) {
    const longer = new Float64Array(chance.length * size);
    for (let at = 0; at < chance.length; at++) {
      const row = chances[at % size];
      for (let next = 0; next < size; next++) longer[at * size + next] = chance[at] * row[next];
    }
    chance = longer;
  }
  for (let at = 0; at < chance.length; at++) chance[at] *= emission[at];
  return chance;
}

/** @param {ArrayLike<number>} values */
const sumOf = (values) => {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i];
  return sum;
};

/**
 * Chances of what was seen up to each unit.
 * @param {Alphabet} alphabet
 * @param {Floats} start
 * @param {Floats[]} units
 * @returns {Forward}
 */
export function forward(alphabet, start, units) {
  const states = [start];
  const log2 = [0];
  for (const emission of units) {
    const chance = joint(alphabet, states[states.length - 1], emission);
    const after = new Float64Array(alphabet.size);
    for (let at = 0; at < chance.length; at++) after[at % alphabet.size] += chance[at];
    const total = sumOf(after);
    if (!(total > 0)) break;
    states.push(after.map((one) => one / total));
    log2.push(log2[log2.length - 1] + Math.log2(total));
  }
  return { states, log2 };
}

/**
 * Sum of joint chances, for a last shorter unit.
 * @param {Alphabet} alphabet
 * @param {Floats} state
 * @param {Floats} emission
 */
export const jointSum = (alphabet, state, emission) => sumOf(joint(alphabet, state, emission));

/**
 * Chances of each unit's values given all units.
 * @param {Alphabet} alphabet
 * @param {Forward} seen
 * @param {Floats[]} units
 * @returns {Floats[]}
 */
export function posteriors(alphabet, seen, units) {
  const { size, chances } = alphabet;
  /** @type {Floats} */
  let after = new Float64Array(size).fill(1);
  /** @type {Floats[]} */
  const result = [];
  for (let number = units.length - 1; number >= 0; number--) {
    const emission = units[number];
    const chance = joint(alphabet, seen.states[number], emission);
    for (let at = 0; at < chance.length; at++) chance[at] *= after[at % size];
    const total = Math.max(sumOf(chance), 1e-300);
    result.push(chance.map((one) => one / total));
    /** @type {Floats} */
    let back = emission.map((one, at) => one * after[at % size]);
    while (back.length > size) {
      const shorter = new Float64Array(back.length / size);
      for (let at = 0; at < back.length; at++) {
        const before = Math.floor(at / size);
        shorter[before] += back[at] * chances[before % size][at % size];
      }
      back = shorter;
    }
    const earlier = new Float64Array(size);
    for (let before = 0; before < size; before++) {
      let sum = 0;
      const row = chances[before];
      for (let next = 0; next < size; next++) sum += row[next] * back[next];
      earlier[before] = sum;
    }
    let top = 1e-300;
    for (const one of earlier) top = Math.max(top, one);
    after = earlier.map((one) => one / top);
  }
  return result.reverse();
}
