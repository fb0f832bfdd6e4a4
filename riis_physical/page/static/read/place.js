// One place of a photo, as every model sees it: probed, revealed, read.

import { isPossible, turned } from "../geometry/quad.js";
import { MODULE_PX, Region } from "../geometry/region.js";
import { readRevealed } from "../qr/soft/decode.js";
import { finderScore, presenceScore } from "../qr/soft/values.js";
import { gridSize } from "../qr/code/structure.js";
import { middling } from "./model.js";

/** @typedef {import("../geometry/picture.js").Picture} Picture */
/** @typedef {import("../geometry/quad.js").Quad} Quad */
/** @typedef {import("../geometry/region.js").Bows} Bows */
/** @typedef {import("../qr/soft/decode.js").Reading} Reading */
/** @typedef {import("../qr/soft/decode.js").Knowledge} Knowledge */
/** @typedef {import("./model.js").Model} Model */
/** @typedef {{corners: Quad, bows: Bows}} Place */
/** @typedef {[number[], number[]]} Round ways up and versions */
/** @typedef {{model: Model, turn: number, version: number, finder: number}} Hypothesis */
/**
 * A revealed code.
 * @typedef {object} Finding
 * @property {Quad} corners from the printed top left, clockwise
 * @property {Model} model that revealed it
 * @property {number} version
 * @property {number} presence agreement with what every code holds, -1 to 1
 * @property {Float32Array} logits
 * @property {Reading | null} reading
 */

const PROBE_MODULES = 10;
const STRONG = 0.85;
const WEAK = 0.3;
/** From here on no other hypothesis of a place is looked at, even when this one does not read. */
const CERTAIN = 0.75;
const WORTH_READING = 0.3;
const REVEALS = 2;
const LIKELY_VERSIONS = [3, 4, 5, 6];
const OTHER_VERSIONS = [2, 7, 8, 9, 10, 1];
const TURNS = [0, 1, 3, 2];

/**
 * Rounds of ways up and versions, the likeliest first.
 * @type {Round[]}
 */
export const ROUNDS = [
  [[0], LIKELY_VERSIONS],
  [[1], LIKELY_VERSIONS],
  [[3], LIKELY_VERSIONS],
  [[2], LIKELY_VERSIONS],
  [[0], OTHER_VERSIONS],
  [TURNS.slice(1), OTHER_VERSIONS],
];

/**
 * Reveal and read at one place.
 * @param {Model[]} models
 * @param {Picture} photo
 * @param {Place} place
 * @param {Round[]} rounds
 * @param {boolean} thorough reveal what shows weakly too
 * @param {Knowledge} knowledge
 * @returns {Promise<Finding[]>}
 */
export async function readPlace(models, photo, place, rounds, thorough, knowledge) {
  if (!isPossible(place.corners)) return [];
  const region = new Region(photo, place.corners, place.bows);
  if (!region.isSeen) return [];
  /** @type {Finding[]} */
  const findings = [];
  /** @type {Hypothesis[]} */
  const pending = [];
  for (const round of rounds) {
    const probed = await probe(models, region, round);
    const strong = probed.filter((h) => h.finder >= STRONG).slice(0, REVEALS);
    pending.push(...probed.filter((h) => h.finder < STRONG && h.finder >= WEAK));
    for (const h of strong) {
      const found = await reveal(region, h, knowledge);
      if (found) findings.push(found);
      if (found?.reading) return findings;
    }
    if (strong.length && !thorough) return findings;
    if (findings.some((one) => one.presence >= CERTAIN)) return findings;
  }
  if (!thorough || findings.length) return findings;
  pending.sort((a, b) => b.finder - a.finder);
  for (const h of pending.slice(0, REVEALS)) {
    const found = await reveal(region, h, knowledge);
    if (found) findings.push(found);
    if (found?.reading) break;
  }
  return findings;
}

/**
 * Scores of hypotheses by the finder pattern at the printed top left, best first.
 * @param {Model[]} models
 * @param {Region} region
 * @param {Round} round
 * @returns {Promise<Hypothesis[]>}
 */
async function probe(models, region, [turns, versions]) {
  const side = PROBE_MODULES * MODULE_PX;
  const tries = turns.flatMap((turn) => versions.map((version) => ({ turn, version })));
  const seen = tries.map(({ turn, version }) =>
    region.rectify(MODULE_PX * gridSize(version), turn, { left: 0, top: 0, side }),
  );
  const frames = seen.map((one) => one.planes);
  const conditions = seen.map((one) => middling(one.scalePx));
  /** @type {Hypothesis[]} */
  const found = [];
  for (const model of models) {
    const revealed = await model.reveal(frames, side, conditions);
    tries.forEach((one, i) =>
      found.push({ model, ...one, finder: finderScore(revealed[i].logits, PROBE_MODULES) }),
    );
  }
  return found.sort((a, b) => b.finder - a.finder);
}

/**
 * Reveal a whole hypothesis; null where it is not worth reading.
 * @param {Region} region
 * @param {Hypothesis} h
 * @param {Knowledge} knowledge
 * @returns {Promise<Finding | null>}
 */
async function reveal(region, { model, turn, version }, knowledge) {
  const side = MODULE_PX * gridSize(version);
  const { planes, scalePx } = region.rectify(side, turn);
  const condition = await model.estimate(planes, side, scalePx);
  const [{ logits, picture }] = await model.reveal([planes], side, [condition]);
  const presence = presenceScore(logits, version);
  if (presence < WORTH_READING) return null;
  const reading = readRevealed(logits, picture, version, knowledge);
  return { corners: turned(region.corners, turn), model, version, presence, logits, reading };
}
