// How likely each message is before anything is seen: bytes at random; text by the character model,
// from the start or after a known beginning; capitals and digits in their own modes. The chances of
// all messages sum to less than 1.

import { logSum2 } from "../soft/evidence.js";
import { START, alphabet, once, table } from "./letters.js";
import * as codec from "../code/payload.js";
import { LEVELS, dataCodewordCount } from "../code/structure.js";

/** @typedef {import("../code/structure.js").Level} Level */
/** @typedef {Float64Array} Floats */
/** @typedef {{mode: number, beginning: Uint8Array, log2: number}} Way */
/** @typedef {{way: Way, count: number, log2: number}} Fit */

const { BYTE, ALPHANUMERIC, NUMERIC, CHARACTERS } = codec;
const BEGINNINGS = /** @type {[string, number][]} */ ([
  ["https://", 0.22],
  ["https://www.", 0.08],
  ["http://", 0.04],
  ["http://www.", 0.02],
  ["www.", 0.02],
]);
const CAPITALS = /** @type {[string, number][]} */ ([
  ["", 0.03],
  ["HTTPS://", 0.03],
  ["HTTP://", 0.01],
]);
const RANDOM = 0.12;
const TEXT = 0.34;
const DIGITS = 0.03;
const GIVEN = 0.5;
const USUAL_LENGTH = 0.95;

/** @param {string} text */
const bytes = (text) => new TextEncoder().encode(text);

/** All ways with their chances. @param {Uint8Array[]} prefixes @returns {Way[]} */
export function ways(prefixes) {
  const share = prefixes.length ? 1 - GIVEN : 1;
  /** @type {[number, Uint8Array, number][]} */
  const found = prefixes.map((one) => [BYTE, one, GIVEN / prefixes.length]);
  found.push([BYTE, bytes(""), TEXT * share]);
  for (const [one, chance] of BEGINNINGS) found.push([BYTE, bytes(one), chance * share]);
  for (const [one, chance] of CAPITALS) found.push([ALPHANUMERIC, bytes(one), chance * share]);
  found.push([NUMERIC, bytes(""), DIGITS * share]);
  for (const one of prefixes) {
    if (one.every((byte) => CHARACTERS.includes(String.fromCharCode(byte)))) {
      found.push([ALPHANUMERIC, one, (0.02 * share) / prefixes.length]);
    }
  }
  return found.map(([mode, beginning, chance]) => ({ mode, beginning, log2: Math.log2(chance) }));
}

/** log2 of the chance that a message is bytes at random. @param {Uint8Array[]} prefixes */
export const randomLog2 = (prefixes) => Math.log2(RANDOM * (prefixes.length ? 1 - GIVEN : 1));

/**
 * Whether characters of one mode fit, in it or as bytes.
 * @param {number} mode
 * @param {number} count
 * @param {number} version
 * @param {Level} level
 */
function fitsAlone(mode, count, version, level) {
  if (count <= codec.capacity(version, level)) return true;
  const bits = 4 + codec.countBits(mode, version) + codec.contentBits(mode, count);
  return mode !== BYTE && bits <= 8 * dataCodewordCount(version, level);
}

/**
 * Whether hiding puts so many characters of a mode into this version and level.
 * @param {number} version
 * @param {Level} level
 * @param {number} mode
 * @param {number} count
 */
function isUsual(version, level, mode, count) {
  for (const stronger of LEVELS) {
    for (let smaller = 1; smaller <= version; smaller++) {
      if (!fitsAlone(mode, count, smaller, stronger)) continue;
      const asBytes = count <= codec.capacity(version, level);
      return stronger === level && smaller === version && asBytes === (mode === BYTE);
    }
  }
  return false;
}

/**
 * log2 of the chance of each number of characters in one segment, from 0.
 * @param {number} version
 * @param {Level} level
 * @param {number} mode
 * @returns {Floats}
 */
export function lengthLog2(version, level, mode) {
  return once(`length ${version} ${level} ${mode}`, () => {
    const room = 8 * dataCodewordCount(version, level) - 4 - codec.countBits(mode, version);
    let most = 0;
    while (codec.contentBits(mode, most + 1) <= room) most++;
    const chance = new Float64Array(most + 1).fill((1 - USUAL_LENGTH) / Math.max(most, 1));
    const usual = [];
    for (let n = 1; n <= most; n++) if (isUsual(version, level, mode, n)) usual.push(n);
    for (const n of usual) chance[n] += USUAL_LENGTH / usual.length;
    chance[0] = 0;
    return chance.map(Math.log2);
  });
}

/** Whether a message begins so. @param {Uint8Array} payload @param {Uint8Array} beginning */
export const startsWith = (payload, beginning) =>
  payload.length >= beginning.length && beginning.every((byte, at) => payload[at] === byte);

/**
 * log2 of the chance of a message in a code of this version and level.
 * @param {Uint8Array} payload
 * @param {number} version
 * @param {Level} level
 * @param {Uint8Array[]} prefixes
 */
export function messageLog2(payload, version, level, prefixes) {
  const segments = codec.segmented(payload, version, level);
  const total = [randomLog2(prefixes) - codec.totalBits(segments, version)];
  if (segments.length === 1) {
    const { mode } = segments[0];
    const length = lengthLog2(version, level, mode)[payload.length];
    for (const way of ways(prefixes)) {
      if (way.mode === mode && startsWith(payload, way.beginning)) {
        total.push(way.log2 + length + textLog2(payload, way));
      }
    }
  }
  return logSum2(total);
}

/**
 * log2 of the chance of each character of the text in data codewords, in byte mode, after the one
 * before it; 0 for those of the beginning, which is given.
 * @param {Uint8Array} data
 * @param {Fit} fit
 * @param {number} version
 */
export function charactersLog2(data, fit, version) {
  const start = (4 + codec.countBits(BYTE, version)) >> 3;
  const found = new Float64Array(fit.count);
  let before = START;
  for (let i = 0; i < fit.count; i++) {
    const byte = ((data[start + i] << 4) | (data[start + i + 1] >> 4)) & 255;
    if (i >= fit.way.beginning.length) found[i] = Math.log2(table()[before][byte]);
    before = byte;
  }
  return found;
}

/** @param {Uint8Array} payload @param {Way} way */
function textLog2(payload, way) {
  const letters = alphabet(way.mode);
  const begun = Math.floor(way.beginning.length / letters.unit) * letters.unit;
  const placeOf = (/** @type {number} */ byte) =>
    way.mode === BYTE ? byte : CHARACTERS.indexOf(String.fromCharCode(byte));
  let before = begun ? placeOf(payload[begun - 1]) : letters.size;
  let sum = 0;
  for (const byte of payload.subarray(begun)) {
    const place = placeOf(byte);
    sum += Math.log2(letters.chances[before][place]);
    before = place;
  }
  return sum;
}
