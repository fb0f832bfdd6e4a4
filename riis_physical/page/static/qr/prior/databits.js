// The data bits of one grid against all that a message can be: which ways, lengths and texts fit.

import { emissions, forward, jointSum, posteriors } from "./chain.js";
import { alphabet, once } from "./letters.js";
import * as codec from "../code/payload.js";
import { lengthLog2, ways } from "./message.js";
import { dataCodewordCount } from "../code/structure.js";

/** @typedef {import("../code/structure.js").Level} Level */
/** @typedef {import("./chain.js").Forward} Forward */
/** @typedef {import("./message.js").Way} Way */
/** @typedef {import("./message.js").Fit} Fit */
/** @typedef {Float64Array} Floats */
/**
 * @typedef {object} SoftText
 * @property {Floats} odds log2 odds of each data bit being 1
 * @property {{at: number, values: Uint8Array[]}[]} likely bits of each unit's likeliest values
 */

const { BYTE, CHARACTERS } = codec;
const LIKELY_VALUES = 6;
const LIMIT = 40;
/** Bits that speak against what is known to be otherwise. */
export const KNOWN = 400;

/**
 * Header, terminator and padding where a message has `count` characters: bits, -1 elsewhere.
 * @param {number} version
 * @param {Level} level
 * @param {number} mode
 * @param {number} count
 */
export function frame(version, level, mode, count) {
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
