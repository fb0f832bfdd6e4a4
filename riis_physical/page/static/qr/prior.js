// How likely each message is before anything is seen, and which ones the soft bits fit: bytes at
// random; text by the character model, from the start or after a known beginning; capitals and
// digits in their own modes. The chances of all messages sum to less than 1.

import { logSum2 } from "./evidence.js";
import { emissions, forward, jointSum, posteriors } from "./chain.js";
import { START, alphabet, once, table } from "./letters.js";
import * as codec from "./payload.js";
import { LEVELS, dataCodewordCount } from "./structure.js";

/** @typedef {import("./structure.js").Level} Level */
/** @typedef {import("./chain.js").Alphabet} Alphabet */
/** @typedef {import("./chain.js").Forward} Forward */
/** @typedef {Float64Array} Floats */
/** @typedef {{mode: number, beginning: Uint8Array, log2: number}} Way */
/** @typedef {{way: Way, count: number, log2: number}} Fit */
/**
 * @typedef {object} SoftText
 * @property {Floats} odds log2 odds of each data bit being 1
 * @property {{at: number, values: Uint8Array[]}[]} likely bits of each unit's likeliest values
 */

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
const LIKELY_VALUES = 6;
const LIMIT = 40;

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
function lengthLog2(version, level, mode) {
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

/**
 * Header, terminator and padding where a message has `count` characters: bits, -1 elsewhere.
 * @param {number} version
 * @param {Level} level
 * @param {number} mode
 * @param {number} count
 */
function frame(version, level, mode, count) {
  return once(`frame ${version} ${level} ${mode} ${count}`, () => {
    const total = 8 * dataCodewordCount(version, level);
    const header = codec.countBits(mode, version);
    const head = 4 + header;
    const end = head + codec.contentBits(mode, count);
    const bits = new Int8Array(total);
    for (let bit = 0; bit < 4; bit++) bits[bit] = (mode >> (3 - bit)) & 1;
    for (let bit = 0; bit < header; bit++) bits[4 + bit] = (count >> (header - 1 - bit)) & 1;
    bits.fill(-1, head, end);
    const after = Math.ceil(Math.min(end + 4, total) / 8);
    for (let byte = after; byte < total / 8; byte++) {
      const pad = (byte - after) % 2 ? 0x11 : 0xec;
      for (let bit = 0; bit < 8; bit++) bits[8 * byte + bit] = (pad >> (7 - bit)) & 1;
    }
    return bits;
  });
}

/**
 * Bits that a whole beginning is written in, without header.
 * @param {Way} way
 * @param {number} version
 * @returns {{begun: number, bits: number[], at: number}}
 */
function beginningOf(way, version) {
  const letters = alphabet(way.mode);
  const begun = Math.floor(way.beginning.length / letters.unit) * letters.unit;
  const head = 4 + codec.countBits(way.mode, version);
  const segment = { mode: way.mode, content: way.beginning.slice(0, begun) };
  const bits = begun ? codec.bitsOf([segment], version).slice(head) : [];
  return { begun, bits, at: head + bits.length };
}

/** The soft data bits of one grid against all that a message can be. */
export class DataBits {
  /**
   * @param {Floats} ones log2 of each bit's chance over that under a coin, if it is 1
   * @param {Floats} zeros if it is 0
   * @param {number} version
   * @param {Level} level
   * @param {Uint8Array[]} prefixes
   */
  constructor(ones, zeros, version, level, prefixes) {
    this.ones = ones;
    this.zeros = zeros;
    this.version = version;
    this.level = level;
    this.ways = ways(prefixes);
    /** @type {Map<Way, Forward>} */
    this.seen = new Map();
    /** @type {Map<string, Floats>} */
    this.units = new Map();
  }

  /** The hypotheses that fit best, best first. @param {number} most @returns {Fit[]} */
  ranked(most) {
    /** @type {Fit[]} */
    const fits = [];
    for (const way of this.ways) {
      const lengths = this.fitLengths(way);
      const order = [...lengths.keys()].sort((a, b) => lengths[b] - lengths[a] || a - b);
      for (const count of order.slice(0, most)) {
        if (Number.isFinite(lengths[count])) fits.push({ way, count, log2: lengths[count] });
      }
    }
    return fits.sort((a, b) => b.log2 - a.log2).slice(0, most);
  }

  /**
   * What a hypothesis says of each data bit, given all data bits.
   * @param {Fit} fit
   * @returns {SoftText}
   */
  softText({ way, count }) {
    const letters = alphabet(way.mode);
    const known = frame(this.version, this.level, way.mode, count);
    const odds = Float64Array.from(known, (bit) => (bit > 0 ? LIMIT : -LIMIT));
    const { begun, bits, at: start } = beginningOf(way, this.version);
    bits.forEach((bit, i) => (odds[start - bits.length + i] = bit ? LIMIT : -LIMIT));
    const units = [];
    for (let left = count - begun, at = start; left > 0;) {
      const characters = Math.min(left, letters.unit);
      units.push({ at, characters, emission: this.unit(way.mode, at, characters) });
      at += letters.bits[characters - 1];
      left -= characters;
    }
    const chancesOf = posteriors(
      letters,
      this.forward(way),
      units.map((unit) => unit.emission),
    );
    const likely = units.map(({ at, characters }, number) => {
      const chance = chancesOf[number];
      const width = letters.bits[characters - 1];
      for (let bit = 0; bit < width; bit++) {
        let one = 0;
        for (let value = 0; value < chance.length; value++) {
          if ((value >> (width - 1 - bit)) & 1) one += chance[value];
        }
        const log2 = Math.log2((one + 1e-13) / (1 - one + 1e-13));
        odds[at + bit] = Math.max(-LIMIT, Math.min(LIMIT, log2));
      }
      const order = [...chance.keys()].sort((a, b) => chance[b] - chance[a]);
      const values = order
        .slice(0, LIKELY_VALUES)
        .map((value) =>
          Uint8Array.from({ length: width }, (_, bit) => (value >> (width - 1 - bit)) & 1),
        );
      return { at, values };
    });
    return { odds, likely };
  }

  /** log2 of way, length and soft bits together, by number of characters. @param {Way} way */
  fitLengths(way) {
    const letters = alphabet(way.mode);
    const prior = lengthLog2(this.version, this.level, way.mode);
    const seen = this.forward(way);
    const { begun, bits, at } = beginningOf(way, this.version);
    const lengths = new Float64Array(prior.length).fill(-Infinity);
    if (at > this.ones.length) return lengths;
    let gain = 0;
    bits.forEach((bit, i) => (gain += (bit ? this.ones : this.zeros)[at - bits.length + i]));
    seen.log2.forEach((log2, whole) => {
      for (let extra = 0; extra < letters.unit; extra++) {
        const count = begun + whole * letters.unit + extra;
        if (count >= prior.length || !Number.isFinite(prior[count])) continue;
        let text = log2;
        if (extra) {
          const place = at + whole * letters.bits[letters.bits.length - 1];
          const emission = this.unit(way.mode, place, extra);
          const rest = jointSum(letters, seen.states[whole], emission);
          text += Math.log2(Math.max(rest, 1e-300));
        }
        let framed = 0;
        frame(this.version, this.level, way.mode, count).forEach((bit, i) => {
          if (bit >= 0) framed += bit ? this.ones[i] : this.zeros[i];
        });
        lengths[count] = way.log2 + prior[count] + framed + text + gain;
      }
    });
    return lengths;
  }

  /** @param {Way} way @returns {Forward} */
  forward(way) {
    let found = this.seen.get(way);
    if (!found) {
      const letters = alphabet(way.mode);
      const whole = letters.bits[letters.bits.length - 1];
      const { begun, at: start } = beginningOf(way, this.version);
      const first = new Float64Array(letters.size + 1);
      first[lastOf(way, begun)] = 1;
      const units = [];
      for (let at = start; at + whole <= this.ones.length; at += whole) {
        units.push(this.unit(way.mode, at, letters.unit));
      }
      found = forward(letters, first, units);
      this.seen.set(way, found);
    }
    return found;
  }

  /** @param {number} mode @param {number} at @param {number} characters @returns {Floats} */
  unit(mode, at, characters) {
    const key = `${mode} ${at} ${characters}`;
    let found = this.units.get(key);
    if (!found) {
      found = emissions(alphabet(mode), this.ones, this.zeros, at, characters);
      this.units.set(key, found);
    }
    return found;
  }
}

/**
 * State after the beginning: the place of its last character, or the start.
 * @param {Way} way
 * @param {number} begun
 */
function lastOf(way, begun) {
  if (!begun) return alphabet(way.mode).size;
  const byte = way.beginning[begun - 1];
  return way.mode === BYTE ? byte : CHARACTERS.indexOf(String.fromCharCode(byte));
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
 * log2 of the chance of the text in data codewords, in byte mode.
 * @param {Uint8Array} data
 * @param {Fit} fit
 * @param {number} version
 */
export function codewordsLog2(data, fit, version) {
  const start = (4 + codec.countBits(BYTE, version)) >> 3;
  const begun = fit.way.beginning.length;
  let before = START;
  let sum = 0;
  for (let i = 0; i < fit.count; i++) {
    const byte = ((data[start + i] << 4) | (data[start + i + 1] >> 4)) & 255;
    if (i >= begun) sum += Math.log2(table()[before][byte]);
    before = byte;
  }
  return sum;
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
