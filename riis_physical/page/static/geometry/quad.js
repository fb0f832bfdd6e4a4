// Quadrilaterals: four points clockwise, pixel centres at integers.

/** @typedef {[number, number]} Point */
/** @typedef {Point[]} Quad four points, clockwise */

const SHORTEST_SIDE_PX = 16;

/** Lengths of the four sides. @param {Quad} quad */
export const sideLengths = (quad) =>
  quad.map(([x, y], s) => Math.hypot(quad[(s + 1) % 4][0] - x, quad[(s + 1) % 4][1] - y));

/** Mean length of the sides. @param {Quad} quad */
export const sizeOf = (quad) => sideLengths(quad).reduce((a, b) => a + b, 0) / 4;

/** The same, begun at another corner. @param {Quad} quad @param {number} turn quarter turns */
export const turned = (quad, turn) => quad.map((_, c) => quad[(c + turn) % 4]);

/** Signed area; positive for clockwise in an image. @param {Point[]} points */
export function areaOf(points) {
  let sum = 0;
  points.forEach(([x, y], at) => {
    const [nx, ny] = points[(at + 1) % points.length];
    sum += x * ny - nx * y;
  });
  return sum / 2;
}

/** Whether a camera can see a rectangle like that. @param {Quad} quad */
export function isPossible(quad) {
  if (!quad.flat().every(Number.isFinite)) return false;
  const length = sideLengths(quad);
  if (Math.min(...length) < SHORTEST_SIDE_PX) return false;
  return quad.every(([x, y], s) => {
    const [nx, ny] = quad[(s + 1) % 4];
    const [fx, fy] = quad[(s + 2) % 4];
    const cross = (nx - x) * (fy - ny) - (ny - y) * (fx - nx);
    return cross / (length[s] * length[(s + 1) % 4]) >= 0.05;
  });
}

/**
 * Whether a point lies within a clockwise quadrilateral.
 * @param {Quad} quad
 * @param {number} x
 * @param {number} y
 */
export function contains(quad, x, y) {
  return quad.every(([ax, ay], s) => {
    const [bx, by] = quad[(s + 1) % 4];
    return (bx - ax) * (y - ay) - (by - ay) * (x - ax) >= 0;
  });
}

/**
 * Largest distance of a coordinate between two quadrilaterals.
 * @param {Quad} one
 * @param {Quad} other
 */
export const apart = (one, other) =>
  Math.max(
    ...one.map(([x, y], c) => Math.max(Math.abs(x - other[c][0]), Math.abs(y - other[c][1]))),
  );
