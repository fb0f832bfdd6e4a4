// Slightly bowed lines along a side, and one fitted to where edges were found.

/** Places along a side at which edges are sought. */
export const PROFILES = 64;
/** Where they lie, as shares of the side. */
export const WHERE = Float64Array.from(
  { length: PROFILES },
  (_, i) => 0.015 + (0.97 * i) / (PROFILES - 1),
);

/** Offset at a share of the side. @param {number[]} curve @param {number} where */
export const along = (curve, where) =>
  curve[0] + curve[1] * where + curve[2] * 4 * where * (1 - where);

/**
 * Parabola through positions by reweighted least squares; a weak prior keeps the bow small.
 * @param {{position: Float64Array, strength: Float64Array}} edges
 * @param {number} full
 * @param {number[]} curve
 * @param {number} mostBow
 */
export function robustCurve({ position, strength }, full, curve, mostBow) {
  const weight = strength.map((one) => Math.min(one / full, 1) ** 2);
  if (weight.reduce((a, b) => a + b, 0) < 3) return curve;
  let found = curve;
  let scale = 2;
  for (let turn = 0; turn < 4; turn++) {
    const rows = [
      [1e-4, 0, 0, 0],
      [0, 1e-4, 0, 0],
      [0, 0, (1 / (0.4 * mostBow)) ** 2, 0],
    ];
    const weights = weight.map((one, p) => {
      const far = (position[p] - along(found, WHERE[p])) / (3 * scale);
      return Math.abs(far) < 1 ? one * (1 - far * far) ** 2 : 0;
    });
    const total = weights.reduce((a, b) => a + b, 0);
    if (total < 2) return found;
    weights.forEach((w, p) => {
      const basis = [1, WHERE[p], 4 * WHERE[p] * (1 - WHERE[p])];
      for (let i = 0; i < 3; i++) {
        for (let j = 0; j < 3; j++) rows[i][j] += w * basis[i] * basis[j];
        rows[i][3] += w * basis[i] * position[p];
      }
    });
    found = solveThree(rows);
    let spread = 0;
    weights.forEach((w, p) => (spread += w * Math.abs(position[p] - along(found, WHERE[p]))));
    scale = Math.max(0.4, (1.2 * spread) / total);
  }
  return found;
}

/** @param {number[][]} rows three equations, each with its right side */
function solveThree(rows) {
  for (let i = 0; i < 3; i++) {
    for (let j = 0; j < 3; j++) {
      if (i === j) continue;
      const factor = rows[j][i] / rows[i][i];
      for (let k = i; k < 4; k++) rows[j][k] -= factor * rows[i][k];
    }
  }
  return rows.map((row, i) => row[3] / row[i]);
}
