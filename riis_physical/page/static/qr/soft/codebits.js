// The soft bits of a grid, read as a code of one version and level.

import { blocks, codewordCount, dataPath } from "../code/structure.js";
import { CAPS, bitGains } from "./evidence.js";

/** @typedef {import("../code/structure.js").Level} Level */

/** @param {Uint8Array} word @param {number} bit */
export const bitAt = (word, bit) => (word[bit >> 3] >> (7 - (bit & 7))) & 1;

/** Calibrated soft bits of one grid read as a code of one version and level. */
export class CodeBits {
  /** @param {Float32Array} grid log odds of dark @param {number} version @param {Level} level */
  constructor(grid, version, level) {
    this.version = version;
    this.level = level;
    this.grid = grid;
    this.layout = blocks(version, level);
    const { places, inverted } = dataPath(version);
    this.odds = Float32Array.from({ length: 8 * codewordCount(version) }, (_, i) =>
      inverted[i] ? -grid[places[i]] : grid[places[i]],
    );
    this.gains = bitGains(this.odds);
    this.capped = CAPS.map((cap) => bitGains(this.odds, cap));
  }

  /** Odds of a block's bits in codeword order. @param {number} number */
  blockOdds(number) {
    const { positions } = this.layout[number];
    return Float32Array.from(
      { length: 8 * positions.length },
      (_, bit) => this.odds[8 * positions[bit >> 3] + (bit & 7)],
    );
  }

  /**
   * Bits that a block's values speak for a word, for each of CAPS.
   * @param {number} number
   * @param {Uint8Array} word
   * @param {number} [from] first symbol
   */
  wordGains(number, word, from = 0) {
    const { positions } = this.layout[number];
    return this.capped.map(({ ones, zeros }) => {
      let sum = 0;
      for (let bit = 8 * from; bit < 8 * positions.length; bit++) {
        const at = 8 * positions[bit >> 3] + (bit & 7);
        sum += bitAt(word, bit) ? ones[at] : zeros[at];
      }
      return sum;
    });
  }

  /** Where the data bits of a block lie among all data bits. @param {number} number */
  dataPart(number) {
    let start = 0;
    for (let i = 0; i < number; i++) start += 8 * this.layout[i].dataCount;
    return { start, stop: start + 8 * this.layout[number].dataCount };
  }

  /** Bits for a 1 and for a 0 of the data bits in the order of the message. */
  dataGains() {
    const order = this.layout.flatMap((block) => block.positions.slice(0, block.dataCount));
    const pick = (/** @type {Float64Array} */ gains) =>
      Float64Array.from({ length: 8 * order.length }, (_, i) => gains[8 * order[i >> 3] + (i & 7)]);
    return { ones: pick(this.gains.ones), zeros: pick(this.gains.zeros) };
  }
}
