import assert from "node:assert/strict";
import test from "node:test";

import { viewOf } from "../../../riis_physical/page/static/find/closeup.js";
import { gather } from "../../../riis_physical/page/static/find/detector.js";
import { sidesInward } from "../../../riis_physical/page/static/find/inward.js";
import { borders, fourSides, hull } from "../../../riis_physical/page/static/find/outline.js";
import { fitSides } from "../../../riis_physical/page/static/find/sides.js";
import { robustCurve } from "../../../riis_physical/page/static/find/curve.js";
import { snap } from "../../../riis_physical/page/static/find/snap.js";
import {
  between,
  inverse,
  mapped,
  times,
} from "../../../riis_physical/page/static/geometry/homography.js";
import { planes } from "../../../riis_physical/page/static/geometry/picture.js";
import {
  apart,
  areaOf,
  contains,
  isPossible,
} from "../../../riis_physical/page/static/geometry/quad.js";
import { Region } from "../../../riis_physical/page/static/geometry/region.js";
import { arrays, difference, meanDifference } from "./arrays.mjs";

const seen = arrays("geometry");
const photo = { data: Uint8Array.from(seen.rgba), width: 480, height: 360 };
const large = { data: Uint8Array.from(seen.large), width: 1920, height: 1440 };

test("frames are straightened as in Python", () => {
  const region = new Region(photo, seen.corners);
  const frame = region.rectify(168);
  assert.ok(Math.abs(frame.scalePx - seen.scale) < 1e-3);
  assert.ok(difference(frame.planes, seen.frame) < 0.08);
  assert.ok(meanDifference(frame.planes, seen.frame) < 0.002);
  const bent = new Region(photo, seen.corners, seen.bows).rectify(168);
  assert.ok(meanDifference(bent.planes, seen.bent) < 0.003);
  const window = region.rectify(168, 1, { left: 0, top: 0, side: 80 });
  assert.ok(meanDifference(window.planes, seen.window) < 0.002);
});

test("photos that are finer than the frame are averaged down", () => {
  const corners = seen.corners.map(([x, y]) => [(x + 0.5) * 4 - 0.5, (y + 0.5) * 4 - 0.5]);
  const far = new Region(large, corners).rectify(168);
  assert.ok(meanDifference(far.planes, seen.far) < 0.006);
});

test("the copy for the detector and the view for the close look are those of Python", () => {
  assert.ok(meanDifference(planes(photo, 256, 192), seen.copy) < 0.002);
  const view = viewOf(photo, seen.corners);
  assert.ok(meanDifference(view.planes, seen.view) < 0.003);
  assert.equal(
    viewOf(
      photo,
      seen.corners.map(() => [5, 5]),
    ),
    null,
  );
});

test("corners snap to the edges that Python finds", () => {
  const { corners, support } = snap(photo, seen.start, 7);
  assert.ok(apart(corners, seen.snapped) < 0.4, JSON.stringify(corners));
  assert.ok(support > 0.5);
});

test("a bowed line is fitted through edges, strays left out", () => {
  const position = Float64Array.from({ length: 64 }, (_, p) => {
    const where = 0.015 + (0.97 * p) / 63;
    return 2 + 1.5 * where + 3 * 4 * where * (1 - where) + (p % 16 === 5 ? 40 : 0);
  });
  const edges = { position, strength: new Float64Array(64).fill(1) };
  assert.ok(difference(robustCurve(edges, 0.05, [2.5, 1, 2.5], 8), [2, 1.5, 3]) < 0.3);
});

test("pictures are gathered from the detector's maps as in Python", () => {
  const one = arrays("pictures");
  const found = gather({
    width: one.width,
    height: one.height,
    picture: Float32Array.from(one.picture),
    container: Float32Array.from(one.container),
    offsets: Float32Array.from(one.offsets),
  });
  for (const wanted of one.found.slice(0, 2)) {
    const same = found.find((other) => apart(other.corners, wanted.corners) < 6);
    assert.ok(same, JSON.stringify([wanted, found]));
    assert.ok(Math.abs(same.container - wanted.container) < 0.05);
  }
  assert.ok(found[0].container > 0.75);
});

test("sides are fitted as in Python", () => {
  const one = arrays("pictures");
  const { quad, sure } = fitSides(Float32Array.from(one.sides), one.cells);
  assert.ok(apart(quad, one.quad) < 0.02, JSON.stringify(quad));
  assert.ok(Math.abs(sure - one.sure) < 1e-3);
});

test("a side that may be elsewhere gives other outlines, as in Python", () => {
  const one = arrays("pictures");
  const { quad, others } = fitSides(Float32Array.from(one.doubtful), one.cells);
  assert.ok(apart(quad, one.doubtfulQuad) < 0.02, JSON.stringify(quad));
  assert.equal(others.length, one.others.length);
  assert.ok(others.length > 0);
  others.forEach((other, at) =>
    assert.ok(apart(other, one.others[at]) < 0.1, JSON.stringify([other, one.others[at]])),
  );
});

test("a side at a bezel's outer edge is put at its inner one", () => {
  const [width, height] = [640, 480];
  const data = new Uint8Array(4 * width * height).fill(150);
  const corners = [
    [90, 60],
    [560, 85],
    [540, 420],
    [75, 390],
  ];
  const unit = [
    [0, 0],
    [1, 0],
    [1, 1],
    [0, 1],
  ];
  const toPhoto = between(unit, corners);
  const toUnit = inverse(toPhoto);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [u, v] = mapped(toUnit, x, y);
      if (Math.max(Math.abs(u - 0.5), Math.abs(v - 0.5)) > 0.55) continue;
      const isPicture = u > 0 && u < 1 && v > 0 && v < 1;
      const shade = isPicture ? 120 + 80 * Math.sin(23 * u) * Math.cos(17 * v) : 18;
      data.fill(shade, 4 * (y * width + x), 4 * (y * width + x) + 3);
    }
  }
  for (let side = 0; side < 4; side++) {
    const beyond = unit.map(([x, y]) => [x, y]);
    for (const corner of [side, (side + 1) % 4]) {
      beyond[corner][side % 2 ? 0 : 1] += side === 0 || side === 3 ? -0.05 : 0.05;
    }
    const outline = beyond.map(([u, v]) => mapped(toPhoto, u, v));
    const [found] = sidesInward({ data, width, height }, outline);
    assert.ok(found && apart(found, corners) < 5, JSON.stringify([side, found, corners]));
  }
  const flat = { data: new Uint8Array(4 * width * height).fill(90), width, height };
  assert.deepEqual(sidesInward(flat, corners), []);
});

test("an area has one border, a hull and four sides", () => {
  const [width, height] = [40, 30];
  const map = new Float32Array(width * height);
  const quad = [
    [6, 4],
    [33, 7],
    [30, 25],
    [4, 22],
  ];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) if (contains(quad, x, y)) map[y * width + x] = 1;
  }
  const [border, ...others] = borders(map, width, height, 0.5);
  assert.equal(others.length, 0);
  assert.ok(Math.abs(Math.abs(areaOf(border)) - areaOf(quad)) < 60);
  const found = fourSides(hull(border));
  for (const corner of quad) {
    assert.ok(found.some(([x, y]) => Math.hypot(x - corner[0], y - corner[1]) < 2));
  }
});

test("homographies go there and back; impossible corners are seen", () => {
  const from = [
    [0, 0],
    [10, 0],
    [10, 8],
    [0, 8],
  ];
  const matrix = between(from, seen.corners);
  from.forEach(([x, y], c) => assert.ok(difference(mapped(matrix, x, y), seen.corners[c]) < 1e-6));
  const same = times(inverse(matrix), matrix).map((value, _, all) => value / all[8]);
  assert.ok(difference(same, [1, 0, 0, 0, 1, 0, 0, 0, 1]) < 1e-6);
  assert.ok(isPossible(seen.corners) && !isPossible([...seen.corners].reverse()));
});
