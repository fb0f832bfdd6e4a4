// Ordered-statistics decoding of one Reed-Solomon block from soft bits: the surest bits fix a
// codeword, and what one to three changes of them give is compared with all soft bits.

import { encodeBlock } from "../code/reed_solomon.js";

const TRIPLE_BITS = 64;

/** @type {Map<string, Uint8Array[]>} */
const generators = new Map();

/** Codewords of the single data bits. @param {number} dataCount @param {number} checkCount */
function generatorWords(dataCount, checkCount) {
  const key = `${dataCount} ${checkCount}`;
  let rows = generators.get(key);
  if (!rows) {
    rows = [];
    for (let bit = 0; bit < 8 * dataCount; bit++) {
      const data = new Uint8Array(dataCount);
      data[bit >> 3] = 128 >> (bit & 7);
      rows.push(encodeBlock(data, checkCount));
    }
    generators.set(key, rows);
  }
  return rows;
}

/** @typedef {{score: number, flips: number[]}} Change */

/** The largest scores, in any order. @param {Change[]} list @param {number} most */
function keepLargest(list, most) {
  if (list.length > 4 * most) {
    list.sort((a, b) => b.score - a.score);
    list.length = most;
  }
}

export class OrderedBlock {
  /**
   * @param {ArrayLike<number>} soft bits in codeword order, positive for 1
   * @param {number} dataCount
   * @param {number} checkCount
   */
  constructor(soft, dataCount, checkCount) {
    this.size = 8 * dataCount;
    this.length = soft.length;
    const order = Array.from(soft, (_, at) => at);
    order.sort((a, b) => Math.abs(soft[b]) - Math.abs(soft[a]) || a - b);
    this.order = order;
    const { basis, rows } = this.reduced(generatorWords(dataCount, checkCount));
    this.basis = basis;
    this.rows = rows;
    const value = Float64Array.from(order, (at) => soft[at]);
    /** The unchanged codeword, in order of sureness. */
    this.first = new Uint8Array(this.length);
    this.basis.forEach((column, row) => {
      if (value[column] > 0) this.toggle(this.first, row);
    });
    const inBasis = new Uint8Array(this.length);
    for (const column of this.basis) inBasis[column] = 1;
    this.rest = [...value.keys()].filter((column) => !inBasis[column]);
    this.kept = Float64Array.from(this.rest, (c) => (this.first[c] ? value[c] : -value[c]));
    this.keptSum = this.kept.reduce((a, b) => a + b, 0);
    /** @type {number[][]} */
    this.flips = this.basis.map((_, row) => [row]);
    /** @type {Float64Array[]} */
    this.signs = this.flips.map((rows) => this.signsOf(rows));
    /** @type {number[]} */
    this.cost = this.basis.map((column) => 2 * Math.abs(value[column]));
    this.base = this.cost.reduce((a, b) => a + b, 0) / 2;
  }

  /** Gauss-Jordan elimination over GF(2), the surest columns first. @param {Uint8Array[]} words */
  reduced(words) {
    const packed = words.map((word) => {
      const row = new Uint32Array(Math.ceil(this.length / 32));
      this.order.forEach((at, column) => {
        if ((word[at >> 3] >> (7 - (at & 7))) & 1) row[column >> 5] |= 1 << (column & 31);
      });
      return row;
    });
    /** @type {number[]} */
    const basis = [];
    for (let column = 0; column < this.length && basis.length < this.size; column++) {
      const cell = column >> 5;
      const bit = 1 << (column & 31);
      const rank = basis.length;
      let pivot = rank;
      while (pivot < packed.length && !(packed[pivot][cell] & bit)) pivot++;
      if (pivot === packed.length) continue;
      [packed[rank], packed[pivot]] = [packed[pivot], packed[rank]];
      const own = packed[rank];
      for (let row = 0; row < packed.length; row++) {
        if (row === rank || !(packed[row][cell] & bit)) continue;
        const other = packed[row];
        for (let i = cell; i < own.length; i++) other[i] ^= own[i];
      }
      basis.push(column);
    }
    return { basis, rows: packed };
  }

  /** @param {Uint8Array} word in order of sureness @param {number} row */
  toggle(word, row) {
    const own = this.rows[row];
    for (let column = 0; column < word.length; column++) {
      word[column] ^= (own[column >> 5] >>> (column & 31)) & 1;
    }
  }

  /** How turning basis rows turns the other bits: -1 or 1 each. @param {number[]} rows */
  signsOf(rows) {
    const turned = new Uint8Array(this.length);
    for (const row of rows) this.toggle(turned, row);
    return Float64Array.from(this.rest, (column) => 1 - 2 * turned[column]);
  }

  /** The codeword of the unchanged basis, bits in codeword order. */
  get start() {
    const bits = new Uint8Array(this.length);
    this.order.forEach((at, column) => (bits[at] = this.first[column]));
    return bits;
  }

  /**
   * Further changes that count as one: several bits that are likely wrong together.
   * @param {Uint8Array[]} patterns bits in codeword order, 1 where one is turned
   */
  addChanges(patterns) {
    const seen = new Set();
    const single = this.basis.length;
    for (const pattern of patterns) {
      const rows = [];
      for (let row = 0; row < single; row++) {
        if (pattern[this.order[this.basis[row]]]) rows.push(row);
      }
      const key = rows.join();
      if (rows.length < 2 || seen.has(key)) continue;
      seen.add(key);
      this.flips.push(rows);
      this.signs.push(this.signsOf(rows));
      this.cost.push(rows.reduce((sum, row) => sum + this.cost[row], 0));
    }
  }

  /**
   * The codewords that agree best with the soft bits, best first.
   * @param {number} changes 2 or 3
   * @param {number} most
   * @returns {Uint8Array[]} symbols, data first
   */
  words(changes, most) {
    const { signs, cost, kept, base } = this;
    const width = kept.length;
    /** @type {Change[]} */
    const found = [{ score: base + this.keptSum, flips: [] }];
    /** @type {Change[]} */
    const pairs = [];
    const product = new Float64Array(width);
    for (let one = 0; one < signs.length; one++) {
      let alone = base - cost[one];
      for (let i = 0; i < width; i++) alone += product[i] = signs[one][i] * kept[i];
      found.push({ score: alone, flips: [one] });
      for (let other = one + 1; other < signs.length; other++) {
        const two = signs[other];
        let score = base - cost[one] - cost[other];
        for (let i = 0; i < width; i++) score += product[i] * two[i];
        pairs.push({ score, flips: [one, other] });
      }
      keepLargest(pairs, most);
    }
    found.push(...pairs);
    if (changes > 2) found.push(...this.threes(most));
    found.sort((a, b) => b.score - a.score);
    /** @type {Map<string, Uint8Array>} */
    const words = new Map();
    for (const { flips } of found) {
      const word = this.word(flips);
      const key = word.join();
      if (!words.has(key)) words.set(key, word);
      if (words.size === most) break;
    }
    return [...words.values()];
  }

  /** Three of the cheapest changes at once. @param {number} most @returns {Change[]} */
  threes(most) {
    const { cost, kept, base } = this;
    const weak = [...cost.keys()].sort((a, b) => cost[a] - cost[b] || a - b).slice(0, TRIPLE_BITS);
    const signs = weak.map((at) => this.signs[at]);
    const width = kept.length;
    /** @type {Change[]} */
    const found = [];
    const product = new Float64Array(width);
    for (let one = 0; one < weak.length; one++) {
      for (let two = one + 1; two < weak.length; two++) {
        for (let i = 0; i < width; i++) product[i] = signs[one][i] * signs[two][i] * kept[i];
        for (let three = two + 1; three < weak.length; three++) {
          let score = base - cost[weak[one]] - cost[weak[two]] - cost[weak[three]];
          const last = signs[three];
          for (let i = 0; i < width; i++) score += product[i] * last[i];
          found.push({ score, flips: [weak[one], weak[two], weak[three]] });
        }
        keepLargest(found, most);
      }
    }
    return found;
  }

  /** @param {number[]} flips numbers of changes */
  word(flips) {
    const bits = this.first.slice();
    for (const flip of flips) for (const row of this.flips[flip]) this.toggle(bits, row);
    const word = new Uint8Array(this.length / 8);
    bits.forEach((bit, column) => {
      const at = this.order[column];
      word[at >> 3] |= bit << (7 - (at & 7));
    });
    return word;
  }
}
