// One photo: places that may hold a container, which of them does, and what it says.

import { lookAt } from "../find/closeup.js";
import { detect } from "../find/detector.js";
import { sidesInward } from "../find/inward.js";
import { snap } from "../find/snap.js";
import { apart, sizeOf } from "../geometry/quad.js";
import { STRAIGHT } from "../geometry/region.js";
import { ROUNDS, readPlace } from "./place.js";

/** @typedef {import("../geometry/picture.js").Picture} Picture */
/** @typedef {import("../geometry/quad.js").Quad} Quad */
/** @typedef {import("../qr/soft/decode.js").Knowledge} Knowledge */
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
/** Places this near, as a share of the size, are one; outlines this near lead to the same sides. */
const SAME_PLACE = 0.1;
const SAME_PICTURE = 0.003;
/** Rounds of places after the first. */
const SECOND_PLACE = 4;
const LIKELY = ROUNDS.slice(0, 1);

/**
 * Pictures that the detector sees, those near a likelier one left out.
 * @param {Detection[]} detections the likeliest containers first
 */
export function placesOf(detections) {
  /** @type {Detection[]} */
  const found = [];
  for (const one of detections) {
    const near = SAME_PLACE * sizeOf(one.corners);
    if (found.every((other) => apart(one.corners, other.corners) > near)) found.push(one);
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
  const reads = async (
    /** @type {Place} */ place,
    /** @type {Round[]} */ rounds,
    /** @type {boolean} */ thorough,
  ) => {
    for (const one of await readPlace(eyes.models, photo, place, rounds, thorough, knowledge)) {
      if (!best || one.reading || (!best.reading && one.presence > best.presence)) best = one;
    }
    return Boolean(best?.reading);
  };
  const closely = async (/** @type {Detection} */ { corners }) => {
    const seen = await lookAt(eyes.closeup, photo, corners);
    return seen && seen.sure >= LEAST_SURE ? seen : null;
  };
  const detections = await detect(eyes.detector, photo, PHOTO_COPY_PX);
  const places = placesOf(detections);
  // The likely codes upright, at every place.
  /** @type {CloseUp[]} */
  const hopeful = [];
  for (const one of places) {
    const seen = await closely(one);
    if (!seen) continue;
    if (await reads(snapped(photo, seen.corners), LIKELY, false)) return best;
    if (one.container >= FAINT_HOPE) hopeful.push(seen);
  }
  // The same with other sides; of one picture the detector mostly has several outlines.
  for (const { corners, others } of hopeful) {
    for (const place of otherOutlines(photo, corners, others)) {
      if (await reads(place, LIKELY, false)) return best;
    }
  }
  const known = hopeful.map((one) => one.corners);
  for (const one of detections) {
    if (places.includes(one) || one.container < FAINT_HOPE) continue;
    const seen = await closely(one);
    const near = SAME_PICTURE * sizeOf(one.corners);
    if (!seen || known.some((other) => apart(seen.corners, other) <= near)) continue;
    known.push(seen.corners);
    if (await reads(snapped(photo, seen.corners), LIKELY, false)) return best;
  }
  // Every version and way up, and what shows weakly.
  for (const [at, { corners }] of hopeful.entries()) {
    const rounds = at ? ROUNDS.slice(0, SECOND_PLACE) : ROUNDS;
    if (await reads(snapped(photo, corners), rounds, true)) return best;
  }
  return best;
}

/**
 * Where a picture's sides may be instead: at lines that the close look saw besides, at edges further
 * in, where the close look put them, at edges further away.
 * @param {Picture} photo
 * @param {Quad} corners
 * @param {Quad[]} others
 * @returns {Generator<Place>}
 */
function* otherOutlines(photo, corners, others) {
  for (const one of others) yield snapped(photo, one);
  for (const one of sidesInward(photo, corners)) yield snapped(photo, one);
  yield { corners, bows: STRAIGHT };
  yield snapped(photo, corners, FAR_REACH);
}
