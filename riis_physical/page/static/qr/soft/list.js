// Which message of a list a grid shows, far below what can be read without the list.

import * as codec from "../code/payload.js";
import { encodeBlock } from "../code/reed_solomon.js";
import { MAX_VERSION, blocks, codewordCount } from "../code/structure.js";
import { CodeBits } from "./codebits.js";
import { MESSAGE_BITS, logSum2 } from "./evidence.js";
import { logLikelihoods } from "./values.js";

/** @typedef {import("../code/structure.js").Level} Level */
/** @typedef {import("./verdict.js").Verdict} Verdict */
/**
 * The list's messages in codes of one version and level.
 * @typedef {object} Codes
 * @property {number} version
 * @property {Level} level
 * @property {Uint8Array[]} payloads
 * @property {Uint8Array[]} codewords in the order of the stream
 * @property {Uint8Array} telling bits that tell messages apart, 1 each
 */

const OTHERS_BITS = 20;
const CHECK_BITS = 2;
const MARGIN_BITS = 14;
const TEMPER = 0.75;

export class MessageList {
  /** @param {string[]} messages all that can occur */
  constructor(messages) {
    const unique = [...new Set(messages.filter((one) => one))];
    if (!unique.length) throw new Error("the list holds no message: expected one a line");
    this.length = unique.length;
    /** @type {Map<string, Codes>} */
    const groups = new Map();
    for (const message of unique) {
      const payload = new TextEncoder().encode(message);
      const chosen = codec.smallestCode(payload, MAX_VERSION);
      if (!chosen)
        throw new Error(`a message of the list has ${payload.length} bytes and fits no code`);
      const [version, level] = chosen;
      const key = `${version} ${level}`;
      if (!groups.has(key)) {
        const telling = new Uint8Array(8 * codewordCount(version));
        groups.set(key, { version, level, payloads: [], codewords: [], telling });
      }
      const codes = /** @type {Codes} */ (groups.get(key));
      codes.payloads.push(payload);
      codes.codewords.push(streamOf(payload, version, level));
    }
    this.codes = [...groups.values()];
    for (const codes of this.codes) markTelling(codes);
  }

  /** QR versions of the list, the commonest first. */
  get versions() {
    /** @type {Map<number, number>} */
    const count = new Map();
    for (const codes of this.codes) {
      count.set(codes.version, (count.get(codes.version) ?? 0) + codes.payloads.length);
    }
    return [...count.keys()].sort((a, b) => (count.get(b) ?? 0) - (count.get(a) ?? 0));
  }

  /**
   * The message that a grid shows, null where none has enough evidence.
   * @param {ArrayLike<number>} grid
   * @param {number} version
   * @returns {Verdict | null}
   */
  read(grid, version) {
    const odds = logLikelihoods(grid, version).map((value) => TEMPER * value);
    /** @type {{score: number, codes: Codes, place: number, bits: CodeBits}[]} */
    const found = [];
    for (const codes of this.codes.filter((one) => one.version === version)) {
      const bits = new CodeBits(odds, version, codes.level);
      scores(codes, bits).forEach((score, place) => found.push({ score, codes, place, bits }));
    }
    if (!found.length) return null;
    const best = found.reduce((top, one) => (one.score > top.score ? one : top));
    const others = logSum2(found.filter((one) => one !== best).map((one) => one.score));
    const evidence = best.score - Math.log2(this.length);
    if (evidence < MESSAGE_BITS || best.score - others < MARGIN_BITS) return null;
    if (!tells(best.codes, best.place, best.bits, Math.log2(this.length))) return null;
    const payload = best.codes.payloads[best.place];
    return { payload, level: best.codes.level, bits: evidence, by: "list" };
  }
}

/** @param {Uint8Array} payload @param {number} version @param {Level} level */
function streamOf(payload, version, level) {
  const data = codec.build(payload, version, level);
  const stream = new Uint8Array(codewordCount(version));
  let start = 0;
  for (const block of blocks(version, level)) {
    const word = encodeBlock(data.subarray(start, start + block.dataCount), block.checkCount);
    block.positions.forEach((position, at) => (stream[position] = word[at]));
    start += block.dataCount;
  }
  return stream;
}

/** @param {Codes} codes */
function markTelling(codes) {
  for (const block of blocks(codes.version, codes.level)) {
    block.positions.forEach((position, at) => {
      let differ = 255;
      if (at < block.dataCount) {
        const first = codes.codewords[0][position];
        differ = codes.codewords.reduce((sum, word) => sum | (word[position] ^ first), 0);
      }
      for (let bit = 0; bit < 8; bit++)
        codes.telling[8 * position + bit] = (differ >> (7 - bit)) & 1;
    });
  }
}

/** Bits that a grid speaks for each message. @param {Codes} codes @param {CodeBits} bits */
function scores(codes, bits) {
  const { ones, zeros } = bits.gains;
  const table = new Float32Array(ones.length * 32);
  for (let symbol = 0; symbol < ones.length / 8; symbol++) {
    for (let value = 0; value < 256; value++) {
      let sum = 0;
      for (let bit = 0; bit < 8; bit++) {
        sum += ((value >> (7 - bit)) & 1 ? ones : zeros)[8 * symbol + bit];
      }
      table[256 * symbol + value] = sum;
    }
  }
  return codes.codewords.map((word) =>
    word.reduce((sum, value, symbol) => sum + table[256 * symbol + value], 0),
  );
}

/**
 * Whether what tells messages apart speaks for this one, in every block.
 * @param {Codes} codes
 * @param {number} place
 * @param {CodeBits} bits
 * @param {number} log2Count
 */
function tells(codes, place, bits, log2Count) {
  const { ones, zeros } = bits.gains;
  const word = codes.codewords[place];
  const gain = (/** @type {number} */ i) => ((word[i >> 3] >> (7 - (i & 7))) & 1 ? ones : zeros)[i];
  let telling = 0;
  codes.telling.forEach((tell, i) => (telling += tell ? gain(i) : 0));
  if (telling - log2Count < OTHERS_BITS) return false;
  return bits.layout.every((block) => {
    let check = 0;
    for (const position of block.positions.slice(block.dataCount)) {
      for (let bit = 0; bit < 8; bit++) check += gain(8 * position + bit);
    }
    return check >= CHECK_BITS;
  });
}
