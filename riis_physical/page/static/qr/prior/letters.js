// Which characters follow which: the table of characters, and the alphabets of the modes.

import { ALPHANUMERIC, BYTE, CHARACTERS } from "../code/payload.js";

/** @typedef {import("./chain.js").Alphabet} Alphabet */
/** @typedef {Float64Array} Floats */

/** Row of the table for the first byte of a message. */
export const START = 256;
const STEPS_A_BIT = 8;

/** @type {Floats[] | null} */
let chances = null;
/** @type {Map<string, any>} */
const kept = new Map();

/**
 * Give the table of characters, before anything else here is used.
 * @param {Uint8Array} steps (257 x 256) minus log2 of chances, in eighths of a bit
 */
export function useText(steps) {
  chances = Array.from({ length: 257 }, (_, row) =>
    scaled(
      Float64Array.from(steps.subarray(256 * row, 256 * row + 256), (s) => 2 ** (-s / STEPS_A_BIT)),
    ),
  );
  kept.clear();
}

/** @param {Floats} row */
function scaled(row) {
  const total = row.reduce((a, b) => a + b, 0);
  return row.map((one) => one / total);
}

/** @template T @param {string} key @param {() => T} make @returns {T} */
export function once(key, make) {
  if (!kept.has(key)) kept.set(key, make());
  return kept.get(key);
}

/** @returns {Floats[]} */
export function table() {
  if (!chances) throw new Error("no table of characters: call useText first");
  return chances;
}

/** The characters of a mode with their chances. @param {number} mode @returns {Alphabet} */
export function alphabet(mode) {
  return once(`alphabet ${mode}`, () => {
    if (mode === BYTE) return { chances: table(), size: 256, unit: 1, bits: [8] };
    const among = mode === ALPHANUMERIC ? CHARACTERS : CHARACTERS.slice(0, 10);
    const codes = Array.from(among, (character) => character.charCodeAt(0));
    const rows = [...codes, START].map((row) =>
      scaled(Float64Array.from(codes, (column) => table()[row][column])),
    );
    const bits = mode === ALPHANUMERIC ? [6, 11] : [4, 7, 10];
    return { chances: rows, size: codes.length, unit: bits.length, bits };
  });
}
