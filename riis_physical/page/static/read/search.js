// One photo: places that may hold a container, which of them does, and what it says.

import { lookAt } from "../find/closeup.js";
import { detect } from "../find/detector.js";
import { innerOutlines } from "../find/inner.js";
import { snap } from "../find/snap.js";
import { apart, sizeOf } from "../geometry/quad.js";
import { STRAIGHT } from "../geometry/region.js";
import { ROUNDS, readPlace } from "./place.js";

/** @typedef {import("../geometry/picture.js").Picture} Picture */
/** @typedef {import("../geometry/quad.js").Quad} Quad */
/** @typedef {import("../qr/decode.js").Knowledge} Knowledge */
/** @typedef {import("../engine.js").Network} Network */
/** @typedef {import("../find/closeup.js").CloseUp} CloseUp */
/** @typedef {import("../find/detector.js").Detection} Detection */
/** @typedef {import("./model.js").Model} Model */
/** @typedef {import("./place.js").Finding} Finding */
/** @typedef {import("./place.js").Place} Place */
/** @typedef {import("./place.js").Round} Round */
/** @typedef {{models: Model[], detector: Network, closeup: Network}} Eyes */

const PHOTO_COPY_PX = 1024;
/** Places that are looked at closely. */
export const PLACES = 3;
export const LEAST_SURE = 0.15;
/** From this probability of a container on, a place is worth more than a first look. */
export const FAINT_HOPE = 0.35;
const SNAP_REACH = 0.025;
const FAR_REACH = 0.07;
const SAME_PLACE = 0.1;
/** Rounds of a place with little hope, of those after the first, and of other outlines. */
const FIRST_ROUNDS = 1;
const SECOND_PLACE = 4;
const OTHER_OUTLINES = 1;

/**
 * Places where the detector sees pictures, the likeliest containers first, each once.
 * @param {Network} detector
 * @param {Picture} photo
 * @param {number} copyPx long side of the copy in which they are sought
 * @returns {Promise<Detection[]>}
 */
export async function placesOf(detector, photo, copyPx) {
  /** @type {Detection[]} */
  const found = [];
  for (const one of await detect(detector, photo, copyPx)) {
    const isNew = found.every(
      (other) => apart(one.corners, other.corners) > SAME_PLACE * sizeOf(one.corners),
    );
    if (isNew) found.push(one);
    if (found.length === PLACES) break;
  }
  return found;
}

/**
 * An outline moved to the edges near it.
 * @param {Picture} photo
 * @param {Quad} corners
 * @param {number} [reach] share of the size
 * @returns {Place}
 */
export const snapped = (photo, corners, reach = SNAP_REACH) =>
  snap(photo, corners, reach * sizeOf(corners));

/**
 * The best reading of a photo, or what shows most of a code, if anything does.
 * @param {Eyes} eyes
 * @param {Picture} photo
 * @param {Knowledge} knowledge
 * @returns {Promise<Finding | null>}
 */
export async function look(eyes, photo, knowledge) {
  /** @type {Finding | null} */
  let best = null;
  const reads = async (/** @type {Place} */ place, /** @type {Round[]} */ rounds) => {
    for (const one of await readPlace(eyes.models, photo, place, rounds, true, knowledge)) {
      if (!best || one.reading || (!best.reading && one.presence > best.presence)) best = one;
    }
    return Boolean(best?.reading);
  };
  /** @type {CloseUp[]} */
  const hopeful = [];
  for (const { corners, container } of await placesOf(eyes.detector, photo, PHOTO_COPY_PX)) {
    const seen = await lookAt(eyes.closeup, photo, corners);
    if (!seen || seen.sure < LEAST_SURE) continue;
    const isHopeful = container >= FAINT_HOPE;
    const most = hopeful.length ? SECOND_PLACE : ROUNDS.length;
    const rounds = ROUNDS.slice(0, isHopeful ? most : FIRST_ROUNDS);
    if (await reads(snapped(photo, seen.corners), rounds)) return best;
    if (isHopeful) hopeful.push(seen);
  }
  const few = ROUNDS.slice(0, OTHER_OUTLINES);
  for (const { corners, others } of hopeful) {
    for (const place of otherOutlines(photo, corners, others)) {
      if (await reads(place, few)) return best;
    }
  }
  return best;
}

/**
 * Where a picture's sides may be instead: within its border, at lines that the close look saw
 * besides, where the close look put them, at edges further away.
 * @param {Picture} photo
 * @param {Quad} corners
 * @param {Quad[]} others
 * @returns {Generator<Place>}
 */
function* otherOutlines(photo, corners, others) {
  for (const one of innerOutlines(photo, corners)) yield snapped(photo, one);
  for (const one of others) yield snapped(photo, one);
  yield { corners, bows: STRAIGHT };
  yield snapped(photo, corners, FAR_REACH);
}
