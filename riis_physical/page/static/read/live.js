// Frames of a camera, each looked at quickly; their evidence is added up until a message reads.

import { likelyLevels, readRevealed } from "../qr/decode.js";
import { logLikelihoods } from "../qr/soft.js";
import { blocks, dataPath } from "../qr/structure.js";
import { ROUNDS, look } from "./search.js";

/** @typedef {import("../geometry/quad.js").Quad} Quad */
/** @typedef {import("../qr/decode.js").Reading} Reading */
/** @typedef {import("../qr/decode.js").Knowledge} Knowledge */
/** @typedef {import("./search.js").Eyes} Eyes */
/** @typedef {import("./search.js").Finding} Finding */
/**
 * What is said of a frame.
 * @typedef {object} Answer
 * @property {"nothing" | "picture" | "container" | "read"} state
 * @property {Quad | null} corners
 * @property {Reading | null} reading
 */

const EVIDENT = 0.45;
const MEMORY = 8;
/** Of comparisons: errors of two frames are not independent. */
const TEMPER = 0.5;
const SAME = -3;
/** Long side of the copy in which pictures are sought in frames. */
export const FRAME_COPY_PX = 768;

/**
 * Log Bayes factor of one message in both grids against unrelated messages. Messages that differ
 * little may share all blocks but one, so the block that agrees worst counts, by its check symbols.
 * @param {Float32Array} one log odds; `other` too
 * @param {Float32Array} other
 * @param {number} version
 */
export function sameMessage(one, other, version) {
  const { places } = dataPath(version);
  const [level] = likelyLevels(
    one.map((value, at) => value + other[at]),
    version,
  );
  const sums = blocks(version, level).map((block) => {
    let sum = 0;
    for (const position of block.positions.slice(block.dataCount)) {
      for (let bit = 0; bit < 8; bit++) {
        const at = places[8 * position + bit];
        const product = Math.tanh((TEMPER * one[at]) / 2) * Math.tanh((TEMPER * other[at]) / 2);
        sum += Math.log1p(Math.max(-0.999, product));
      }
    }
    return sum;
  });
  return Math.min(...sums);
}

export class Live {
  /** @param {Eyes} eyes @param {Knowledge} [knowledge] */
  constructor(eyes, knowledge = {}) {
    this.eyes = eyes;
    this.knowledge = knowledge;
    this.frames = 0;
    this.began = 0;
    this.restart();
  }

  /** Forget what was seen. */
  restart() {
    /** @type {{version: number, sum: Float32Array, count: number, last: number} | null} */
    this.track = null;
    /** @type {number | null} */
    this.hit = null;
    this.began = this.frames;
  }

  /** What this frame tries: what showed in the last one, else the likely and, in turn, the rest. */
  round() {
    if (this.hit !== null) return this.hit;
    const since = this.frames - this.began;
    return since % 2 ? 1 + (((since - 1) / 2) % (ROUNDS.length - 1)) : 0;
  }

  /** Look at a frame. @param {import("./search.js").Picture} photo @returns {Promise<Answer>} */
  async look(photo) {
    const round = this.round();
    const effort = { copyPx: FRAME_COPY_PX, places: 1, thorough: false, round };
    this.frames++;
    const { findings, picture } = await look(this.eyes, photo, effort, {
      ...this.knowledge,
      quick: true,
    });
    if (this.track && this.frames - this.track.last > MEMORY) this.restart();
    const found = findings[0];
    this.hit = found ? round : null;
    if (!found) return { state: picture ? "picture" : "nothing", corners: picture, reading: null };
    const reading = found.reading ?? this.added(found);
    const corners = found.corners;
    if (reading) return { state: "read", corners, reading };
    return { state: found.presence >= EVIDENT ? "container" : "picture", corners, reading: null };
  }

  /** What the sum of the frames so far reads. @param {Finding} found */
  added({ version, logits }) {
    const values = logLikelihoods(logits, version);
    const track = this.track;
    if (track?.version === version && sameMessage(track.sum, values, version) > SAME) {
      track.sum = track.sum.map((value, at) => value + values[at]);
      track.count++;
      track.last = this.frames;
      return readRevealed(track.sum, null, version, this.knowledge);
    }
    this.track = { version, sum: values, count: 1, last: this.frames };
    return null;
  }
}
