// Frames of a camera. Each does one thing, so that none takes long: it seeks pictures, or it looks
// closely at one that an earlier frame showed and tries to read it. Evidence of frames is added up
// until a message reads.

import { lookAt } from "../find/closeup.js";
import { detect } from "../find/detector.js";
import { sidesInward } from "../find/inward.js";
import { likelyLevels, readRevealed } from "../qr/soft/decode.js";
import { logLikelihoods } from "../qr/soft/values.js";
import { blocks, dataPath } from "../qr/code/structure.js";
import { ROUNDS, readPlace } from "./place.js";
import { FAINT_HOPE, LEAST_SURE, PLACES, placesOf, snapped } from "./search.js";

/** @typedef {import("../geometry/quad.js").Quad} Quad */
/** @typedef {import("../qr/soft/decode.js").Reading} Reading */
/** @typedef {import("../qr/soft/decode.js").Knowledge} Knowledge */
/** @typedef {import("./search.js").Eyes} Eyes */
/** @typedef {import("./place.js").Finding} Finding */
/** @typedef {import("./model.js").Model} Model */
/** @typedef {import("../geometry/picture.js").Picture} Picture */
/**
 * What is said of a frame.
 * @typedef {object} Answer
 * @property {"nothing" | "picture" | "container" | "read"} state
 * @property {Quad | null} corners
 * @property {Reading | null} reading
 */

/**
 * How a frame reads at a place.
 * @typedef {object} Attempt
 * @property {Model} model
 * @property {number} round of ways up and versions
 * @property {number | null} inward which side of the outline is put further in, the clearest first
 */

/** @typedef {{attempt: Attempt, presence: number, frames: number}} Hit what shows a code, so often */

const FIRST = { round: 0, inward: null };
/** What is tried in between: rounds, and the likely codes with a side further in. */
const OTHERS = [
  { round: 0, inward: 0 },
  { round: 1, inward: null },
  { round: 0, inward: 1 },
  { round: 2, inward: null },
  { round: 0, inward: 2 },
  { round: 3, inward: null },
  { round: 4, inward: null },
  { round: 5, inward: null },
];
const EVIDENT = 0.45;
/** Outlines that are less sure than this wait until every place had a first turn. */
const CLEAR = 0.4;
const MEMORY = 8;
/** Of comparisons: errors of two frames are not independent. */
const TEMPER = 0.5;
const SAME = -3;
/** Long side of the copy in which pictures are sought in frames. */
const FRAME_COPY_PX = 768;
/** Attempts at a place by each model before the next place's turn; with little hope, and else. */
const ATTEMPTS = { faint: 1, likely: 2 };

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

/** Whether two attempts see the same in a frame. @param {Attempt} one @param {Attempt} other */
function isAlike(one, other) {
  return one.model === other.model && one.round === other.round && one.inward === other.inward;
}

export class Live {
  /** @param {Eyes} eyes @param {Knowledge} [knowledge] */
  constructor(eyes, knowledge = {}) {
    this.eyes = eyes;
    this.knowledge = { ...knowledge, quick: true };
    this.frames = 0;
    this.sought = 0;
    this.attempts = 0;
    this.restart();
  }

  /** Forget what was seen. */
  restart() {
    /** @type {{model: Model, version: number, sum: Float32Array, count: number, last: number} | null} */
    this.track = null;
    /** @type {Hit | null} */
    this.hit = null;
    /** @type {{corners: Quad, left: number} | null} where the next frame looks, so many times */
    this.place = null;
    this.sought = 0;
    this.attempts = 0;
  }

  /** Look at a frame. @param {Picture} photo @returns {Promise<Answer>} */
  async look(photo) {
    this.frames++;
    if (this.track && this.frames - this.track.last > MEMORY) this.restart();
    return this.place ? this.read(photo, this.place) : this.seek(photo);
  }

  /**
   * Seek pictures, and take the next of them for the next frames.
   * @param {Picture} photo
   * @returns {Promise<Answer>}
   */
  async seek(photo) {
    const places = placesOf(await detect(this.eyes.detector, photo, FRAME_COPY_PX));
    const turn = this.sought++;
    const place = places[turn % Math.max(1, places.length)];
    if (!place) return { state: "nothing", corners: null, reading: null };
    const { corners, container } = place;
    const { length } = this.eyes.models;
    this.attempts = Math.floor(turn / places.length) * ATTEMPTS.likely * length;
    const each = container >= FAINT_HOPE ? ATTEMPTS.likely : ATTEMPTS.faint;
    this.place = { corners, left: each * length };
    return { state: "picture", corners, reading: null };
  }

  /**
   * Look closely at a picture and try to read it.
   * @param {Picture} photo
   * @param {{corners: Quad, left: number}} place where it was in the frame before
   * @returns {Promise<Answer>}
   */
  async read(photo, { corners: before, left }) {
    const seen = await lookAt(this.eyes.closeup, photo, before);
    const least = this.hit || this.sought > PLACES ? LEAST_SURE : CLEAR;
    if (!seen || seen.sure < least) {
      this.place = null;
      return { state: "nothing", corners: null, reading: null };
    }
    // What shows a code and yet does not read may do so with other sides: every other frame tries.
    /** @type {Hit | null} */
    const hit = this.hit ?? null;
    const isTurn = hit !== null && hit.frames++ % 2 === 1;
    const attempt = hit && !isTurn ? hit.attempt : this.attempt();
    const isOther = isTurn && hit !== null && !isAlike(attempt, hit.attempt);
    const { corners } = seen;
    const isMoved = attempt.inward !== null;
    const outline = isMoved ? sidesInward(photo, corners)[attempt.inward ?? 0] : corners;
    const rounds = [ROUNDS[attempt.round]];
    const findings = outline
      ? await readPlace(
          [attempt.model],
          photo,
          snapped(photo, outline),
          rounds,
          false,
          this.knowledge,
        )
      : [];
    const best = findings.sort(
      (a, b) => Number(!!b.reading) - Number(!!a.reading) || b.presence - a.presence,
    )[0];
    const isBetter = best && !(isOther && hit && best.presence <= hit.presence);
    if (isBetter) {
      const frames = hit && !isOther ? hit.frames : 0;
      this.hit = { attempt, presence: best.presence, frames };
    } else if (!isOther) this.hit = null;
    this.place = this.hit || left > 1 ? { corners, left: this.hit ? left : left - 1 } : null;
    if (!best) return { state: "picture", corners, reading: null };
    const reading = best.reading ?? (isBetter ? this.added(best) : null);
    const state = reading ? "read" : best.presence >= EVIDENT ? "container" : "picture";
    return { state, corners: best.corners, reading };
  }

  /**
   * What the next frame tries: each model in turn; every other time the likely codes upright, and
   * in between other sides, ways up and versions.
   * @returns {Attempt}
   */
  attempt() {
    const { models } = this.eyes;
    const turn = Math.floor(this.attempts / models.length);
    const model = models[this.attempts++ % models.length];
    if (turn % 2 === 0) return { model, ...FIRST };
    return { model, ...OTHERS[((turn - 1) / 2) % OTHERS.length] };
  }

  /** What the sum of the frames so far reads. @param {Finding} found */
  added({ model, version, logits }) {
    const values = logLikelihoods(logits, version);
    const track = this.track;
    const isSame = track?.model === model && track.version === version;
    if (isSame && sameMessage(track.sum, values, version) > SAME) {
      track.sum = track.sum.map((value, at) => value + values[at]);
      track.count++;
      track.last = this.frames;
      return readRevealed(track.sum, null, version, this.knowledge);
    }
    this.track = { model, version, sum: values, count: 1, last: this.frames };
    return null;
  }
}
