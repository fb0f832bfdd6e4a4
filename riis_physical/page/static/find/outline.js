// Quadrilaterals about areas of a map: borders followed, their hull, four sides of it kept.

import { areaOf, sideLengths } from "../geometry/quad.js";

/** @typedef {import("../geometry/quad.js").Point} Point */
/** @typedef {import("../geometry/quad.js").Quad} Quad */

const AROUND = [
  [1, 0],
  [1, 1],
  [0, 1],
  [-1, 1],
  [-1, 0],
  [-1, -1],
  [0, -1],
  [1, -1],
];

/**
 * A map so many times finer, linear between its positions.
 * @param {Float32Array} map
 * @param {number} width
 * @param {number} height
 * @param {number} times
 */
export function finer(map, width, height, times) {
  const w = width * times;
  const h = height * times;
  const found = new Float32Array(w * h);
  for (let y = 0; y < h; y++) {
    const py = Math.max(0, Math.min(height - 1, (y + 0.5) / times - 0.5));
    const top = Math.min(Math.max(height - 2, 0), Math.floor(py));
    const low = Math.min(height - 1, top + 1);
    for (let x = 0; x < w; x++) {
      const px = Math.max(0, Math.min(width - 1, (x + 0.5) / times - 0.5));
      const left = Math.min(Math.max(width - 2, 0), Math.floor(px));
      const right = Math.min(width - 1, left + 1);
      const a = map[top * width + left];
      const b = map[top * width + right];
      const c = map[low * width + left];
      const d = map[low * width + right];
      const upper = a + (px - left) * (b - a);
      found[y * w + x] = upper + (py - top) * (c + (px - left) * (d - c) - upper);
    }
  }
  return found;
}

/**
 * Outer borders of the areas above a level, each a closed path of pixels.
 * @param {Float32Array} map
 * @param {number} width
 * @param {number} height
 * @param {number} level
 * @returns {Point[][]}
 */
export function borders(map, width, height, level) {
  const inside = (/** @type {number} */ x, /** @type {number} */ y) =>
    x >= 0 && y >= 0 && x < width && y < height && map[y * width + x] > level;
  const seen = new Uint8Array(width * height);
  /** @type {Point[][]} */
  const found = [];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (!inside(x, y) || seen[y * width + x]) continue;
      flood(seen, width, height, x, y, inside);
      found.push(followed(x, y, inside));
    }
  }
  return found;
}

/**
 * Mark all pixels that hang together with one, corners included.
 * @param {Uint8Array} seen
 * @param {number} width
 * @param {number} height
 * @param {number} x
 * @param {number} y
 * @param {(x: number, y: number) => boolean} inside
 */
function flood(seen, width, height, x, y, inside) {
  const waiting = [y * width + x];
  seen[y * width + x] = 1;
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const px = next % width;
    const py = (next - px) / width;
    for (let way = 0; way < 8; way++) {
      const nx = px + AROUND[way][0];
      const ny = py + AROUND[way][1];
      if (inside(nx, ny) && !seen[ny * width + nx]) {
        seen[ny * width + nx] = 1;
        waiting.push(ny * width + nx);
      }
    }
  }
}

/**
 * The border from its first pixel, above and left of which nothing lies, clockwise.
 * @param {number} x
 * @param {number} y
 * @param {(x: number, y: number) => boolean} inside
 * @returns {Point[]}
 */
function followed(x, y, inside) {
  /** @type {Point[]} */
  const path = [[x, y]];
  let [px, py] = [x, y];
  let from = 4; // where we came from: the left
  let firstStep = -1;
  for (;;) {
    let step = -1;
    for (let turn = 1; turn <= 8; turn++) {
      const way = (from + turn) % 8;
      if (inside(px + AROUND[way][0], py + AROUND[way][1])) {
        step = way;
        break;
      }
    }
    if (step < 0) return path;
    if (px === x && py === y) {
      if (firstStep < 0) firstStep = step;
      else if (step === firstStep) {
        path.pop();
        return path;
      }
    }
    px += AROUND[step][0];
    py += AROUND[step][1];
    path.push([px, py]);
    from = (step + 4) % 8;
  }
}

/** The convex hull, clockwise in an image. @param {Point[]} points @returns {Point[]} */
export function hull(points) {
  const sorted = [...points].sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  const half = (/** @type {Point[]} */ list) => {
    /** @type {Point[]} */
    const kept = [];
    for (const [x, y] of list) {
      while (kept.length > 1) {
        const [ax, ay] = kept[kept.length - 2];
        const [bx, by] = kept[kept.length - 1];
        if ((bx - ax) * (y - ay) - (by - ay) * (x - ax) > 0) break;
        kept.pop();
      }
      kept.push([x, y]);
    }
    kept.pop();
    return kept;
  };
  return [...half(sorted), ...half(sorted.reverse())];
}

/**
 * Where two lines through two points each meet; null for parallel ones.
 * @param {Point} a
 * @param {Point} b
 * @param {Point} c
 * @param {Point} d
 * @returns {Point | null}
 */
function meeting(a, b, c, d) {
  const [ux, uy] = [b[0] - a[0], b[1] - a[1]];
  const [vx, vy] = [d[0] - c[0], d[1] - c[1]];
  const cross = ux * vy - uy * vx;
  if (Math.abs(cross) < 1e-9) return null;
  const t = ((c[0] - a[0]) * vy - (c[1] - a[1]) * vx) / cross;
  return [a[0] + t * ux, a[1] + t * uy];
}

/**
 * Four sides about a convex shape: sides are dropped, their neighbours going on, as long as
 * more than four are left, each time the one that adds the least area.
 * @param {Point[]} shape
 * @returns {Quad | null}
 */
export function fourSides(shape) {
  const points = [...shape];
  if (points.length < 4) return null;
  while (points.length > 4) {
    const n = points.length;
    let best = { area: Infinity, at: -1, point: /** @type {Point | null} */ (null) };
    for (let at = 0; at < n; at++) {
      const before = points[(at + n - 1) % n];
      const one = points[at];
      const other = points[(at + 1) % n];
      const after = points[(at + 2) % n];
      const point = meeting(before, one, after, other);
      // The neighbours must meet beyond the side, not behind the shape.
      if (
        !point ||
        (point[0] - one[0]) * (one[0] - before[0]) + (point[1] - one[1]) * (one[1] - before[1]) < 0
      ) {
        continue;
      }
      const area = Math.abs(areaOf([one, point, other]));
      if (area < best.area) best = { area, at, point };
    }
    if (!best.point) return null;
    const next = (best.at + 1) % n;
    points[best.at] = best.point;
    points.splice(next, 1);
  }
  return points;
}

/** Length of the shortest side. @param {Quad} quad */
export const shortest = (quad) => Math.min(...sideLengths(quad));
