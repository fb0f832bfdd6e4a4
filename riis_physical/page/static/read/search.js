// One photo: places that may hold a container, which of them does, and what it says.

import { lookAt } from "../find/closeup.js";
import { detect } from "../find/detector.js";
import { snap } from "../find/snap.js";
import { apart, isPossible, sizeOf, turned } from "../geometry/quad.js";
import { MODULE_PX, Region, STRAIGHT } from "../geometry/region.js";
import { readRevealed } from "../qr/decode.js";
import { finderScore, presenceScore } from "../qr/soft.js";
import { gridSize } from "../qr/structure.js";
import { middling } from "./model.js";

/** @typedef {import("../geometry/picture.js").Picture} Picture */
/** @typedef {import("../geometry/quad.js").Quad} Quad */
/** @typedef {import("../geometry/region.js").Bows} Bows */
/** @typedef {import("../qr/decode.js").Reading} Reading */
/** @typedef {import("../qr/decode.js").Knowledge} Knowledge */
/** @typedef {import("../engine.js").Network} Network */
/** @typedef {import("./model.js").Model} Model */
/** @typedef {{model: Model, detector: Network, closeup: Network}} Eyes */
/** @typedef {{corners: Quad, bows: Bows}} Place */
/** @typedef {{turn: number, version: number, finder: number}} Hypothesis */
/**
 * A revealed code.
 * @typedef {object} Finding
 * @property {Quad} corners from the printed top left, clockwise
 * @property {number} version
 * @property {number} presence agreement with what every code holds, -1 to 1
 * @property {Float32Array} logits
 * @property {Reading | null} reading
 */
/**
 * What was seen of a photo.
 * @typedef {object} Seen
 * @property {Finding[]} findings the read one, or what shows most, first
 * @property {Quad | null} picture where a picture is, whatever it holds
 */
/**
 * How hard to look: at frames, of which more will come, or at a photo.
 * @typedef {object} Effort
 * @property {number} copyPx long side of the copy in which pictures are sought
 * @property {number} places that are looked at closely
 * @property {boolean} thorough try every version and way up, and other corners
 * @property {number} [round] of ways up and versions that a frame tries
 */

const PROBE_MODULES = 10;
const STRONG = 0.85;
const WEAK = 0.3;
/** From here on no other hypothesis of a place is looked at, even when this one does not read. */
const CERTAIN = 0.75;
const WORTH_READING = 0.3;
const LEAST_SURE = 0.15;
const SNAP_REACH = 0.025;
const FAR_REACH = 0.07;
const SAME_PLACE = 0.1;
const REVEALS = 2;
const LIKELY_VERSIONS = [3, 4, 5, 6];
const OTHER_VERSIONS = [2, 7, 8, 9, 10, 1];
const TURNS = [0, 1, 3, 2];

/**
 * Rounds of ways up and versions, the likeliest first.
 * @type {[number[], number[]][]}
 */
export const ROUNDS = [
  [[0], LIKELY_VERSIONS],
  [[1], LIKELY_VERSIONS],
  [[3], LIKELY_VERSIONS],
  [[2], LIKELY_VERSIONS],
  [[0], OTHER_VERSIONS],
  [TURNS.slice(1), OTHER_VERSIONS],
];
/** The rounds that every further place gets, and other corners of the first one. */
const SECOND_PLACE = 4;
const OTHER_CORNERS = 1;

/**
 * Look at a photo.
 * @param {Eyes} eyes
 * @param {Picture} photo
 * @param {Effort} effort
 * @param {Knowledge} [knowledge]
 * @returns {Promise<Seen>}
 */
export async function look(eyes, photo, effort, knowledge = {}) {
  const detections = await detect(eyes.detector, photo, effort.copyPx);
  /** @type {Quad[]} */
  const known = [];
  /** @type {Finding[]} */
  const findings = [];
  /** @type {Quad | null} */
  let picture = null;
  for (const { corners } of detections) {
    if (known.length === effort.places) break;
    if (known.some((one) => apart(one, corners) <= SAME_PLACE * sizeOf(corners))) continue;
    known.push(corners);
    const seen = await lookAt(eyes.closeup, photo, corners);
    if (!seen || seen.sure < LEAST_SURE) continue;
    picture ??= seen.corners;
    for (const [place, rounds] of attempts(photo, seen.corners, effort, known.length === 1)) {
      findings.push(...(await readPlace(eyes.model, photo, place, rounds, effort, knowledge)));
      if (findings.some((one) => one.reading)) break;
    }
    if (findings.some((one) => one.reading)) break;
  }
  findings.sort((a, b) => Number(!!b.reading) - Number(!!a.reading) || b.presence - a.presence);
  return { findings, picture };
}

/**
 * Corners to try about those of a picture, each with its rounds, the cheap ones first.
 * @param {Picture} photo
 * @param {Quad} corners
 * @param {Effort} effort
 * @param {boolean} isFirst whether it is the likeliest picture
 * @returns {Generator<[Place, [number[], number[]][]]>}
 */
function* attempts(photo, corners, effort, isFirst) {
  const size = sizeOf(corners);
  const near = snap(photo, corners, SNAP_REACH * size);
  if (!effort.thorough) {
    yield [near, [ROUNDS[effort.round ?? 0]]];
    return;
  }
  yield [near, isFirst ? ROUNDS : ROUNDS.slice(0, SECOND_PLACE)];
  if (!isFirst) return;
  const few = ROUNDS.slice(0, OTHER_CORNERS);
  yield [{ corners, bows: STRAIGHT }, few];
  yield [snap(photo, corners, FAR_REACH * size), few];
}

/**
 * Reveal and read at one place.
 * @param {Model} model
 * @param {Picture} photo
 * @param {Place} place
 * @param {[number[], number[]][]} rounds
 * @param {Effort} effort
 * @param {Knowledge} knowledge
 * @returns {Promise<Finding[]>}
 */
async function readPlace(model, photo, place, rounds, effort, knowledge) {
  if (!isPossible(place.corners)) return [];
  const region = new Region(photo, place.corners, place.bows);
  if (!region.isSeen) return [];
  /** @type {Finding[]} */
  const findings = [];
  /** @type {Hypothesis[]} */
  const pending = [];
  for (const [turns, versions] of rounds) {
    const tries = turns.flatMap((turn) => versions.map((version) => ({ turn, version })));
    const probed = await probe(model, region, tries);
    const strong = probed.filter((h) => h.finder >= STRONG).slice(0, REVEALS);
    pending.push(...probed.filter((h) => h.finder < STRONG && h.finder >= WEAK));
    for (const h of strong) {
      const found = await reveal(model, region, h, knowledge);
      if (found) findings.push(found);
      if (found?.reading) return findings;
    }
    if (strong.length && !effort.thorough) return findings;
    if (findings.some((one) => one.presence >= CERTAIN)) return findings;
  }
  if (!effort.thorough || findings.length) return findings;
  pending.sort((a, b) => b.finder - a.finder);
  for (const h of pending.slice(0, REVEALS)) {
    const found = await reveal(model, region, h, knowledge);
    if (found) findings.push(found);
    if (found?.reading) break;
  }
  return findings;
}

/**
 * Scores of hypotheses by the finder pattern at the printed top left, best first.
 * @param {Model} model
 * @param {Region} region
 * @param {{turn: number, version: number}[]} tries
 * @returns {Promise<Hypothesis[]>}
 */
async function probe(model, region, tries) {
  const side = PROBE_MODULES * MODULE_PX;
  const seen = tries.map(({ turn, version }) =>
    region.rectify(MODULE_PX * gridSize(version), turn, { left: 0, top: 0, side }),
  );
  const revealed = await model.reveal(
    seen.map((one) => one.planes),
    side,
    seen.map((one) => middling(one.scalePx)),
  );
  return tries
    .map((one, i) => ({ ...one, finder: finderScore(revealed[i].logits, PROBE_MODULES) }))
    .sort((a, b) => b.finder - a.finder);
}

/**
 * Reveal a whole hypothesis; null where it is not worth reading.
 * @param {Model} model
 * @param {Region} region
 * @param {Hypothesis} h
 * @param {Knowledge} knowledge
 * @returns {Promise<Finding | null>}
 */
async function reveal(model, region, { turn, version }, knowledge) {
  const side = MODULE_PX * gridSize(version);
  const { planes, scalePx } = region.rectify(side, turn);
  const condition = await model.estimate(planes, side, scalePx);
  const [{ logits, picture }] = await model.reveal([planes], side, [condition]);
  const presence = presenceScore(logits, version);
  if (presence < WORTH_READING) return null;
  const reading = readRevealed(logits, picture, version, knowledge);
  return { corners: turned(region.corners, turn), version, presence, logits, reading };
}
