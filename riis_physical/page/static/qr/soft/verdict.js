// Whether a grid speaks for a message clearly enough, as a whole and block by block.

import * as codec from "../code/payload.js";
import { encodeBlock } from "../code/reed_solomon.js";
import { LEVELS } from "../code/structure.js";
import { DataBits, KNOWN } from "../prior/databits.js";
import { messageLog2, randomLog2, startsWith } from "../prior/message.js";
import { bitAt } from "./codebits.js";
import { BLOCK_BITS, CAPS, CAP_BITS, logSum2 } from "./evidence.js";

/** @typedef {import("../code/structure.js").Level} Level */
/** @typedef {import("./codebits.js").CodeBits} CodeBits */
/** @typedef {"code" | "text" | "beginning" | "list"} By */
/** @typedef {{payload: Uint8Array, level: Level, bits: number, by: By}} Verdict */

const STRONGEST = 0.9;

/** log2 of the chance of a level: H wherever the message fits it. @param {Level} level */
const levelLog2 = (level) =>
  Math.log2(level === "H" ? STRONGEST : (1 - STRONGEST) / (LEVELS.length - 1));

/**
 * The evidence for a message, null where a block has too little of its own.
 * @param {Uint8Array} payload
 * @param {CodeBits} code
 * @param {Uint8Array[]} prefixes
 * @returns {Verdict | null}
 */
export function judged(payload, code, prefixes) {
  const { version, level, layout } = code;
  const data = codec.build(payload, version, level);
  const byBlock = layout.map((block, number) => {
    const start = code.dataPart(number).start / 8;
    const word = encodeBlock(data.subarray(start, start + block.dataCount), block.checkCount);
    return code.wordGains(number, word);
  });
  const sums = CAPS.map((_, cap) => byBlock.reduce((sum, gains) => sum + gains[cap], 0));
  const cap = sums.indexOf(Math.max(...sums));
  const log2 = messageLog2(payload, version, level, prefixes);
  const bits = sums[cap] - CAP_BITS + log2 + levelLog2(level);
  for (let number = 0; number < layout.length; number++) {
    if (byBlock[number][cap] - 8 * layout[number].dataCount >= BLOCK_BITS) continue;
    const rest = restLog2(data, payload, code, number, prefixes);
    if (byBlock[number][cap] + log2 - rest < BLOCK_BITS) return null;
  }
  if (prefixes.some((prefix) => startsWith(payload, prefix))) {
    return { payload, level, bits, by: "beginning" };
  }
  const held = codec.totalBits(codec.segmented(payload, version, level), version);
  const random = randomLog2(prefixes) - held;
  return { payload, level, bits, by: log2 > random + 1 ? "text" : "code" };
}

/**
 * log2 of the chance of all messages that differ in one block at most.
 * @param {Uint8Array} data
 * @param {Uint8Array} payload
 * @param {CodeBits} code
 * @param {number} number
 * @param {Uint8Array[]} prefixes
 */
function restLog2(data, payload, code, number, prefixes) {
  const { version, level } = code;
  const ones = Float64Array.from({ length: 8 * data.length }, (_, i) =>
    bitAt(data, i) ? 0 : -KNOWN,
  );
  const zeros = ones.map((one) => (one ? 0 : -KNOWN));
  const { start, stop } = code.dataPart(number);
  ones.fill(0, start, stop);
  zeros.fill(0, start, stop);
  const fits = new DataBits(ones, zeros, version, level, prefixes).ranked(1000);
  const held = codec.totalBits(codec.segmented(payload, version, level), version);
  const end = Math.min(stop, held);
  const random = randomLog2(prefixes) - held + Math.max(0, end - start);
  return logSum2([random, ...fits.map((fit) => fit.log2)]);
}
