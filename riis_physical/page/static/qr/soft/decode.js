// Soft module values to a message with the evidence for it, or to none.

import * as codec from "../code/payload.js";
import { encodeBlock } from "../code/reed_solomon.js";
import {
  LEVELS,
  blocks,
  dataPath,
  formatBits,
  formatPlaces,
  gridSize,
  knownModules,
} from "../code/structure.js";
import { CodeBits } from "./codebits.js";
import { MESSAGE_BITS } from "./evidence.js";
import { logLikelihoods, normalised, passesGate, presenceScore } from "./values.js";
import { judged } from "./verdict.js";
import { Words } from "./words.js";

/** @typedef {import("../code/structure.js").Level} Level */
/** @typedef {import("./verdict.js").Verdict} Verdict */
/**
 * What a reader knows of messages before it looks at a photo.
 * @typedef {object} Knowledge
 * @property {Uint8Array[]} [prefixes] ways in which messages may begin
 * @property {import("./list.js").MessageList | null} [among] all messages that can occur
 * @property {boolean} [quick] leave out what takes long: where more frames come, they tell more
 */
/**
 * @typedef {object} Reading
 * @property {Uint8Array} payload
 * @property {Level} level
 * @property {number} bits of evidence
 * @property {number} confidence 0 to 1
 * @property {"code" | "text" | "beginning" | "list"} by
 */

const MIN_AGREEMENT = 0.75;
const MIN_PRESENCE = 0.3;
const PICTURE_PX = 4;

/**
 * The modules of a message.
 * @param {Uint8Array} payload
 * @param {number} version
 * @param {Level} level
 */
export function modulesOf(payload, version, level) {
  const data = codec.build(payload, version, level);
  const modules = knownModules(version, level).values.slice();
  const { places, inverted } = dataPath(version);
  let start = 0;
  for (const block of blocks(version, level)) {
    const word = encodeBlock(data.subarray(start, start + block.dataCount), block.checkCount);
    block.positions.forEach((position, at) => {
      for (let bit = 0; bit < 8; bit++) {
        const i = 8 * position + bit;
        modules[places[i]] = ((word[at] >> (7 - bit)) & 1) ^ inverted[i];
      }
    });
    start += block.dataCount;
  }
  return modules;
}

/**
 * The best level by its format word, and the next where that is a close one.
 * @param {Float32Array} grid
 * @param {number} version
 * @returns {Level[]}
 */
export function likelyLevels(grid, version) {
  const soft = formatPlaces(version).map(([one, other]) => grid[one] + grid[other]);
  const scoreOf = (/** @type {Level} */ level) =>
    formatBits(level).reduce((sum, bit, i) => sum + (bit ? soft[i] : -soft[i]), 0);
  const order = [...LEVELS].sort((a, b) => scoreOf(b) - scoreOf(a));
  return order.slice(0, scoreOf(order[1]) > 0.5 * scoreOf(order[0]) ? 2 : 1);
}

/**
 * @param {Float32Array} grid
 * @param {number} version
 * @param {Knowledge} knowledge
 * @returns {Reading | null}
 */
function readGrid(grid, version, knowledge) {
  const prefixes = knowledge.prefixes ?? [];
  const listed = knowledge.among?.read(grid, version);
  if (listed) return readingOf(grid, listed, version, 0);
  if (!passesGate(grid, version)) return null;
  const odds = logLikelihoods(grid, version);
  for (const level of likelyLevels(grid, version)) {
    const words = new Words(new CodeBits(odds, version, level), prefixes);
    for (const [, data] of words.attempts(knowledge.quick ?? false)) {
      const payload = codec.parse(data, version, level);
      const verdict = payload && judged(payload, words.bits, prefixes);
      if (verdict && verdict.bits >= MESSAGE_BITS) {
        return readingOf(grid, verdict, version, MIN_AGREEMENT);
      }
    }
  }
  return null;
}

/**
 * The reading, if so much of the whole grid agrees with it.
 * @param {Float32Array} grid
 * @param {Verdict} verdict
 * @param {number} version
 * @param {number} floor
 * @returns {Reading | null}
 */
function readingOf(grid, { payload, level, bits, by }, version, floor) {
  const modules = modulesOf(payload, version, level);
  let right = 0;
  let known = 0;
  let signed = 0;
  let size = 0;
  grid.forEach((value, at) => {
    const one = modules[at] ? value : -value;
    right += one > 0 ? 1 : 0;
    known += value ? 1 : 0;
    signed += one;
    size += Math.abs(value);
  });
  if (right < floor * known) return null;
  return { payload, level, bits, by, confidence: Math.max(0, Math.min(1, signed / size)) };
}

/**
 * Gaussian-weighted mean of each module's 4 x 4 pixels.
 * @param {Float32Array} picture
 * @param {number} size modules along a side
 */
export function moduleMeans(picture, size) {
  const weights = [0, 1, 2, 3].map((i) => Math.exp(-((i - 1.5) ** 2) / 2));
  const total = weights.reduce((a, b) => a + b, 0);
  const means = new Float32Array(size * size);
  for (let y = 0; y < PICTURE_PX * size; y++) {
    for (let x = 0; x < PICTURE_PX * size; x++) {
      const weight = (weights[y % PICTURE_PX] * weights[x % PICTURE_PX]) / total ** 2;
      means[(y >> 2) * size + (x >> 2)] += weight * picture[y * PICTURE_PX * size + x];
    }
  }
  return means;
}

/**
 * Read the message from what the network revealed.
 * @param {Float32Array} logits N x N, positive for dark
 * @param {Float32Array | null} picture 4N x 4N about -1 to 1; null for sums of frames
 * @param {number} version 1 to 10
 * @param {Knowledge} [knowledge]
 * @returns {Reading | null}
 */
export function readRevealed(logits, picture, version, knowledge = {}) {
  const soft = normalised(logits);
  const grids = [soft];
  if (picture) {
    const means = normalised(moduleMeans(picture, gridSize(version)));
    grids.push(normalised(soft.map((value, at) => value + means[at])));
  }
  for (const grid of grids) {
    if (!knowledge.among && presenceScore(grid, version) < MIN_PRESENCE) continue;
    const reading = readGrid(grid, version, knowledge);
    if (reading) return reading;
  }
  return null;
}
