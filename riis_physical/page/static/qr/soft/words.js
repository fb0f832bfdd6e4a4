// Words for the Reed-Solomon blocks of one code, by decoders from cheap to dear.

import * as codec from "../code/payload.js";
import { decode } from "../code/reed_solomon.js";
import { DataBits, KNOWN, frame } from "../prior/databits.js";
import { charactersLog2 } from "../prior/message.js";
import { bitAt } from "./codebits.js";
import { CAP_BITS, expectedBits } from "./evidence.js";
import { OrderedBlock } from "./ordered.js";
import { localWeights } from "./weights.js";

/** @typedef {import("./codebits.js").CodeBits} CodeBits */
/** @typedef {import("../prior/message.js").Fit} Fit */
/** @typedef {import("../prior/databits.js").SoftText} SoftText */
/** @typedef {"algebraic" | "ordered" | "prior" | "weighted"} Method */

const SURE_BITS = 20;
const SURE_TEXT_BITS = 12;
const MOST_FITS = 4;
const UNLIKELIER_BITS = 12;
const WORDS = 64;
const SWEEPS = 3;
const LEAST_INFORMATION = 0.15;

/** @param {Float64Array} values */
const sumOf = (values) => values.reduce((sum, value) => sum + value, 0);

/** Finds words for all blocks of a code. */
export class Words {
  /** @param {CodeBits} bits @param {Uint8Array[]} prefixes */
  constructor(bits, prefixes) {
    this.bits = bits;
    this.prefixes = prefixes;
    /** @type {(Uint8Array | null)[]} */
    this.sure = bits.layout.map(() => null);
  }

  /**
   * Data codewords that may be the message's, the cheap ones first.
   * @param {boolean} quick without what is known of messages
   * @returns {Generator<[Method, Uint8Array]>}
   */
  *attempts(quick) {
    const { bits, sure } = this;
    bits.layout.forEach((block, number) => {
      const hard = new Uint8Array(block.positions.length);
      bits.blockOdds(number).forEach((value, bit) => {
        if (value > 0) hard[bit >> 3] |= 128 >> (bit & 7);
      });
      const word = decode(hard, block.checkCount);
      if (word && this.evidence(number, word) >= SURE_BITS) sure[number] = word;
    });
    if (!this.missing().length) yield ["algebraic", this.data(sure)];
    if (expectedBits(bits.odds) / bits.odds.length < LEAST_INFORMATION) return;
    for (const number of this.missing()) {
      const block = bits.layout[number];
      const soft = bits.blockOdds(number);
      const [word] = new OrderedBlock(soft, block.dataCount, block.checkCount).words(2, 1);
      if (this.evidence(number, word) >= SURE_BITS) sure[number] = word;
    }
    if (!this.missing().length) yield ["ordered", this.data(sure)];
    if (quick) return;
    for (const data of this.withPrior()) yield ["prior", data];
    if (this.weighted()) yield ["weighted", this.data(this.sure)];
  }

  /** Each block by itself once more, weighted by what is wrong nearby; whether all are sure. */
  weighted() {
    const missing = this.missing();
    if (missing.length > this.sure.length / 2) return false;
    const weights = localWeights(this.bits, this.bits.grid, this.sure);
    for (const number of missing) {
      const block = this.bits.layout[number];
      const soft = this.bits.blockOdds(number);
      const local = soft.map(
        (value, bit) => value * weights[8 * block.positions[bit >> 3] + (bit & 7)],
      );
      const word = [soft, local]
        .map((values) => new OrderedBlock(values, block.dataCount, block.checkCount).words(3, 1)[0])
        .find((one) => this.evidence(number, one) >= SURE_BITS);
      if (!word) return false;
      this.sure[number] = word;
    }
    return true;
  }

  missing() {
    return [...this.sure.keys()].filter((number) => !this.sure[number]);
  }

  /** @param {(Uint8Array | null)[]} words */
  data(words) {
    const { layout } = this.bits;
    return Uint8Array.from(
      layout.flatMap((block, n) => [...(words[n] ?? []).slice(0, block.dataCount)]),
    );
  }

  /**
   * Bits that a block's values speak for a word.
   * @param {number} number
   * @param {Uint8Array} word
   */
  gain(number, word) {
    return Math.max(...this.bits.wordGains(number, word)) - CAP_BITS;
  }

  /** The same, its data as likely as any other. @param {number} number @param {Uint8Array} word */
  evidence(number, word) {
    return this.gain(number, word) - 8 * this.bits.layout[number].dataCount;
  }

  /**
   * With what is known of messages, each likely hypothesis by itself. What the likeliest one made
   * sure is kept, unless it made all sure and yet no message.
   * @returns {Generator<Uint8Array>}
   */
  *withPrior() {
    const tried = new Set();
    const start = this.sure;
    /** @type {typeof start | null} */
    let kept = null;
    const text = this.text();
    const fits = text.ranked(MOST_FITS);
    for (const fit of fits) {
      if (fit.log2 < fits[0].log2 - UNLIKELIER_BITS) break;
      this.sure = [...start];
      for (const data of this.followed(text, fit)) {
        const key = data.join();
        if (tried.has(key)) continue;
        tried.add(key);
        yield data;
      }
      kept ??= this.missing().length ? this.sure : start;
    }
    this.sure = kept ?? start;
  }

  /**
   * Data by one hypothesis, and by what follows from blocks that it makes sure.
   * @param {DataBits} text
   * @param {Fit} fit
   * @returns {Generator<Uint8Array>}
   */
  *followed(text, fit) {
    for (;;) {
      const before = this.missing().length;
      yield this.priorData(text.softText(fit), fit);
      const left = this.missing().length;
      if (!left || left === before) return;
      text = this.text();
      [fit] = text.ranked(1);
    }
  }

  /** The data bits as they are known by now. */
  text() {
    const { ones, zeros } = this.dataGains();
    return new DataBits(ones, zeros, this.bits.version, this.bits.level, this.prefixes);
  }

  dataGains() {
    const { ones, zeros } = this.bits.dataGains();
    this.sure.forEach((word, number) => {
      if (!word) return;
      const { start, stop } = this.bits.dataPart(number);
      for (let bit = 0; bit < stop - start; bit++) {
        ones[start + bit] = bitAt(word, bit) ? 1 : -KNOWN;
        zeros[start + bit] = bitAt(word, bit) ? -KNOWN : 1;
      }
    });
    return { ones, zeros };
  }

  /**
   * The data codewords that fit soft bits and text best; sure words are kept.
   * @param {SoftText} text
   * @param {Fit} fit
   */
  priorData(text, fit) {
    const missing = this.missing();
    const { layout, version } = this.bits;
    /** @type {Map<number, {words: Uint8Array[], gains: number[], isFramed: boolean, at: number}>} */
    const lists = new Map();
    for (const number of missing) {
      const all = this.wordList(number, text);
      const framed = all.filter((word) => this.isFramed(number, word, fit));
      const words = framed.length ? framed : all;
      const gains = words.map((word) => this.gain(number, word));
      lists.set(number, { words, gains, isFramed: framed.length > 0, at: 0 });
    }
    const whole = () =>
      this.data(
        this.sure.map((one, n) => {
          const list = lists.get(n);
          return list ? list.words[list.at] : one;
        }),
      );
    if (fit.way.mode !== codec.BYTE) return whole();
    const chosen = () => [...lists.values()].map((list) => list.at).join();
    for (let sweep = 0; sweep < SWEEPS; sweep++) {
      const before = chosen();
      for (const [number, list] of lists) {
        const { start } = this.bits.dataPart(number);
        const data = whole();
        const scores = list.words.map((word, at) => {
          data.set(word.subarray(0, layout[number].dataCount), start / 8);
          return list.gains[at] + sumOf(charactersLog2(data, fit, version));
        });
        list.at = scores.indexOf(Math.max(...scores));
      }
      if (before === chosen()) break;
    }
    const best = whole();
    if (missing.length === 1) return best;
    const characters = charactersLog2(best, fit, version);
    for (const [number, { words, gains, isFramed, at }] of lists) {
      const own = sumOf(characters.subarray(...this.characters(number, fit)));
      if (isFramed && gains[at] + own >= SURE_TEXT_BITS) this.sure[number] = words[at];
    }
    return best;
  }

  /**
   * Whether a block's word has the header and padding of a hypothesis.
   * @param {number} number
   * @param {Uint8Array} word
   * @param {Fit} fit
   */
  isFramed(number, word, fit) {
    const { start, stop } = this.bits.dataPart(number);
    return frame(this.bits.version, this.bits.level, fit.way.mode, fit.count)
      .subarray(start, stop)
      .every((bit, at) => bit < 0 || bit === bitAt(word, at));
  }

  /**
   * Characters of a text in byte mode that lie in a block, even with one bit: from, to.
   * @param {number} number
   * @param {Fit} fit
   * @returns {[number, number]}
   */
  characters(number, { way, count }) {
    const { start, stop } = this.bits.dataPart(number);
    const head = 4 + codec.countBits(way.mode, this.bits.version);
    const [first, last] = [Math.floor((start - head) / 8), Math.ceil((stop - head) / 8)];
    return [Math.max(0, first), Math.min(count, Math.max(0, last))];
  }

  /**
   * Words of a block that fit its soft bits and the text.
   * @param {number} number
   * @param {SoftText} text
   * @returns {Uint8Array[]}
   */
  wordList(number, text) {
    const block = this.bits.layout[number];
    const { start: from, stop } = this.bits.dataPart(number);
    const soft = Float32Array.from(this.bits.blockOdds(number), (value) => value / Math.LN2);
    soft.set(text.odds.subarray(from, stop));
    const ordered = new OrderedBlock(soft, block.dataCount, block.checkCount);
    const unchanged = ordered.start;
    const patterns = [];
    for (const { at, values } of text.likely) {
      const low = Math.max(at, from);
      const high = Math.min(at + values[0].length, stop);
      for (const value of low < high ? values : []) {
        const pattern = new Uint8Array(soft.length);
        for (let bit = low; bit < high; bit++) {
          pattern[bit - from] = value[bit - at] ^ unchanged[bit - from];
        }
        patterns.push(pattern);
      }
    }
    ordered.addChanges(patterns);
    return ordered.words(3, WORDS);
  }
}
