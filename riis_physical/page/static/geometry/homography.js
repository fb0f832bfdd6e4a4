// Homographies as nine numbers, row by row.

/** @typedef {number[]} Matrix nine numbers, row by row */
/** @typedef {import("./quad.js").Quad} Quad */
/** @typedef {import("./quad.js").Point} Point */

/** Outer corners of a frame. @param {number} width @param {number} height @returns {Quad} */
export const frameCorners = (width, height) => [
  [-0.5, -0.5],
  [width - 0.5, -0.5],
  [width - 0.5, height - 0.5],
  [-0.5, height - 0.5],
];

/** Solve equations. @param {number[][]} rows of coefficients and, last, the right side */
function solve(rows) {
  const n = rows.length;
  for (let column = 0; column < n; column++) {
    let pivot = column;
    for (let row = column; row < n; row++) {
      if (Math.abs(rows[row][column]) > Math.abs(rows[pivot][column])) pivot = row;
    }
    [rows[column], rows[pivot]] = [rows[pivot], rows[column]];
    for (let row = 0; row < n; row++) {
      if (row === column) continue;
      const factor = rows[row][column] / rows[column][column];
      for (let k = column; k <= n; k++) rows[row][k] -= factor * rows[column][k];
    }
  }
  return rows.map((row, at) => row[n] / row[at]);
}

/**
 * The homography of four points to four others.
 * @param {Quad} from
 * @param {Quad} to
 * @returns {Matrix}
 */
export function between(from, to) {
  const rows = from.flatMap(([x, y], c) => {
    const [u, v] = to[c];
    return [
      [x, y, 1, 0, 0, 0, -u * x, -u * y, u],
      [0, 0, 0, x, y, 1, -v * x, -v * y, v],
    ];
  });
  return [...solve(rows), 1];
}

/** Where a point goes. @param {Matrix} m @param {number} x @param {number} y @returns {Point} */
export function mapped(m, x, y) {
  const w = m[6] * x + m[7] * y + m[8];
  return [(m[0] * x + m[1] * y + m[2]) / w, (m[3] * x + m[4] * y + m[5]) / w];
}

/** First the right one, then the left one. @param {Matrix} a @param {Matrix} b @returns {Matrix} */
export const times = (a, b) =>
  [0, 1, 2].flatMap((r) =>
    [0, 1, 2].map((c) => a[3 * r] * b[c] + a[3 * r + 1] * b[3 + c] + a[3 * r + 2] * b[6 + c]),
  );

/** The way back, up to a factor. @param {Matrix} m @returns {Matrix} */
export const inverse = (m) => [
  m[4] * m[8] - m[5] * m[7],
  m[2] * m[7] - m[1] * m[8],
  m[1] * m[5] - m[2] * m[4],
  m[5] * m[6] - m[3] * m[8],
  m[0] * m[8] - m[2] * m[6],
  m[2] * m[3] - m[0] * m[5],
  m[3] * m[7] - m[4] * m[6],
  m[1] * m[6] - m[0] * m[7],
  m[0] * m[4] - m[1] * m[3],
];
