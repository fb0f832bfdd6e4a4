// A message as segments of numeric, alphanumeric and byte mode, as data codewords and back.

import { LEVELS, dataCodewordCount } from "./structure.js";

/** @typedef {import("./structure.js").Level} Level */
/** @typedef {{mode: number, content: Uint8Array}} Segment */

export const BYTE = 4;
export const ALPHANUMERIC = 2;
export const NUMERIC = 1;
/** What alphanumeric mode holds, in the order of its values. */
export const CHARACTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";

const COUNT_BITS = { [BYTE]: [8, 16], [ALPHANUMERIC]: [9, 11], [NUMERIC]: [10, 12] };
const VALUE = new Map([...CHARACTERS].map((character, value) => [character.charCodeAt(0), value]));

/** Bits of the character count. @param {number} mode @param {number} version @returns {number} */
export const countBits = (mode, version) =>
  COUNT_BITS[/** @type {1 | 2 | 4} */ (mode)][version > 9 ? 1 : 0];

/** Bits of so many characters. @param {number} mode @param {number} count */
export function contentBits(mode, count) {
  if (mode === BYTE) return 8 * count;
  if (mode === ALPHANUMERIC) return 11 * Math.floor(count / 2) + 6 * (count % 2);
  return 10 * Math.floor(count / 3) + [0, 4, 7][count % 3];
}

/** Bits of all segments with their headers. @param {Segment[]} segments @param {number} version */
export function totalBits(segments, version) {
  return segments.reduce(
    (sum, { mode, content }) =>
      sum + 4 + countBits(mode, version) + contentBits(mode, content.length),
    0,
  );
}

/** Message bytes that fit in byte mode. @param {number} version @param {Level} level */
export function capacity(version, level) {
  return Math.floor((8 * dataCodewordCount(version, level) - 4 - countBits(BYTE, version)) / 8);
}

/** Bytes as a string of the same numbers. @param {Uint8Array} bytes */
const latin = (bytes) => String.fromCharCode(...bytes);

/** @param {string} text @param {RegExp} pattern @returns {[boolean, string][]} */
function split(text, pattern) {
  /** @type {[boolean, string][]} */
  const parts = [];
  let rest = text;
  while (rest) {
    const match = pattern.exec(rest);
    if (!match) break;
    if (match.index) parts.push([false, rest.slice(0, match.index)]);
    parts.push([true, match[0]]);
    rest = rest.slice(match.index + match[0].length);
  }
  if (rest) parts.push([false, rest]);
  return parts;
}

/**
 * Runs of at least so many characters in a mode of their own.
 * @param {string} text
 * @param {number} least
 * @returns {Segment[]}
 */
function chunks(text, least) {
  const whole = text.length <= least;
  const digits = new RegExp(whole ? "^\\d+$" : `\\d{${least},}`);
  const capitals = new RegExp(whole ? "^[0-9A-Z $%*+\\-./:]+$" : `[0-9A-Z $%*+\\-./:]{${least},}`);
  return split(text, digits).flatMap(([numeric, part]) =>
    numeric
      ? [{ mode: NUMERIC, content: bytesOf(part) }]
      : split(part, capitals).map(([alpha, piece]) => ({
          mode: alpha ? ALPHANUMERIC : BYTE,
          content: bytesOf(piece),
        })),
  );
}

/** @param {string} text */
const bytesOf = (text) => Uint8Array.from(text, (character) => character.charCodeAt(0));

/** @param {Segment[]} way */
const written = (way) => way.map((s) => `${s.mode} ${latin(s.content)}`).join("|");

/**
 * The segments with the fewest bits among several ways to split a message.
 * @param {Uint8Array} payload
 * @param {number} version
 * @returns {Segment[]}
 */
export function shortest(payload, version) {
  /** @type {Segment[][]} */
  const ways = [[{ mode: BYTE, content: payload }]];
  if (payload.some((byte) => VALUE.has(byte))) {
    for (let least = 2; least < 21; least++) ways.push(chunks(latin(payload), least));
  }
  const rank = (/** @type {Segment[]} */ one, /** @type {Segment[]} */ other) =>
    totalBits(one, version) - totalBits(other, version) ||
    one.length - other.length ||
    (written(one) < written(other) ? -1 : 1);
  return ways.reduce((best, way) => (rank(way, best) < 0 ? way : best));
}

/**
 * Whether a message fits, in whatever modes.
 * @param {Uint8Array} payload
 * @param {number} version
 * @param {Level} level
 */
export function fits(payload, version, level) {
  if (payload.length <= capacity(version, level)) return true;
  return totalBits(shortest(payload, version), version) <= 8 * dataCodewordCount(version, level);
}

/**
 * Version and level that a message is hidden with: the strongest level that holds it.
 * @param {Uint8Array} payload
 * @param {number} most
 * @returns {[number, Level] | null}
 */
export function smallestCode(payload, most) {
  for (const level of LEVELS) {
    for (let version = 1; version <= most; version++) {
      if (fits(payload, version, level)) return [version, level];
    }
  }
  return null;
}

/**
 * The segments of a message that fits.
 * @param {Uint8Array} payload
 * @param {number} version
 * @param {Level} level
 * @returns {Segment[]}
 */
export function segmented(payload, version, level) {
  if (payload.length <= capacity(version, level)) return [{ mode: BYTE, content: payload }];
  return shortest(payload, version);
}

/** The bits of segments. @param {Segment[]} segments @param {number} version @returns {number[]} */
export function bitsOf(segments, version) {
  /** @type {number[]} */
  const bits = [];
  const put = (/** @type {number} */ value, /** @type {number} */ count) => {
    for (let bit = count - 1; bit >= 0; bit--) bits.push((value >> bit) & 1);
  };
  for (const { mode, content } of segments) {
    put(mode, 4);
    put(content.length, countBits(mode, version));
    if (mode === BYTE) content.forEach((byte) => put(byte, 8));
    else if (mode === ALPHANUMERIC) {
      const values = [...content].map((byte) => VALUE.get(byte) ?? 0);
      for (let at = 0; at < values.length; at += 2) {
        if (at + 1 < values.length) put(45 * values[at] + values[at + 1], 11);
        else put(values[at], 6);
      }
    } else {
      for (let at = 0; at < content.length; at += 3) {
        const digits = latin(content.slice(at, at + 3));
        put(Number(digits), [0, 4, 7, 10][digits.length]);
      }
    }
  }
  return bits;
}

/**
 * Data codewords of a message that fits.
 * @param {Uint8Array} payload
 * @param {number} version
 * @param {Level} level
 */
export function build(payload, version, level) {
  const total = dataCodewordCount(version, level);
  const bits = bitsOf(segmented(payload, version, level), version);
  for (let i = 0; i < 4 && bits.length < 8 * total; i++) bits.push(0);
  while (bits.length % 8) bits.push(0);
  const data = new Uint8Array(total);
  for (let at = 0; at < bits.length; at++) data[at >> 3] |= bits[at] << (7 - (at & 7));
  for (let at = bits.length / 8, odd = 0; at < total; at++, odd ^= 1) data[at] = odd ? 0x11 : 0xec;
  return data;
}

/**
 * Message in the data codewords, null where anything about them is not exact.
 * @param {Uint8Array} data
 * @param {number} version
 * @param {Level} level
 */
export function parse(data, version, level) {
  let at = 0;
  const length = 8 * data.length;
  const take = (/** @type {number} */ count) => {
    let value = 0;
    for (let i = 0; i < count; i++, at++)
      value = (value << 1) | ((data[at >> 3] >> (7 - (at & 7))) & 1);
    return value;
  };
  /** @type {number[]} */
  const payload = [];
  let segments = 0;
  while (length - at >= 4) {
    const mode = take(4);
    if (mode === 0) break;
    if (mode !== BYTE && mode !== ALPHANUMERIC && mode !== NUMERIC) return null;
    const header = countBits(mode, version);
    if (at + header > length) return null;
    const count = take(header);
    if (!count || at + contentBits(mode, count) > length) return null;
    segments++;
    if (mode === BYTE) for (let i = 0; i < count; i++) payload.push(take(8));
    else if (mode === ALPHANUMERIC) {
      for (let left = count; left > 0; left -= 2) {
        const value = take(left > 1 ? 11 : 6);
        if (value >= (left > 1 ? 2025 : 45)) return null;
        if (left > 1) payload.push(CHARACTERS.charCodeAt(Math.floor(value / 45)));
        payload.push(CHARACTERS.charCodeAt(value % 45));
      }
    } else {
      for (let left = count; left > 0; left -= 3) {
        const width = Math.min(left, 3);
        const value = take([0, 4, 7, 10][width]);
        if (value >= 10 ** width) return null;
        for (const digit of String(value).padStart(width, "0")) payload.push(digit.charCodeAt(0));
      }
    }
  }
  if (!segments) return null;
  const message = Uint8Array.from(payload);
  if (!fits(message, version, level)) return null;
  return build(message, version, level).every((byte, i) => byte === data[i]) ? message : null;
}
