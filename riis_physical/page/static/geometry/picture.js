// Pictures as RGBA bytes, as a canvas gives them; reduced copies and single samples of them.

/** @typedef {{data: Uint8Array | Uint8ClampedArray, width: number, height: number}} Picture RGBA */

/** Half the size, each pixel the mean of four. @param {Picture} picture @returns {Picture} */
export function halved({ data, width, height }) {
  const w = width >> 1;
  const h = height >> 1;
  const small = new Uint8Array(4 * w * h);
  for (let y = 0; y < h; y++) {
    for (let x = 0; x < w; x++) {
      const at = 4 * (2 * y * width + 2 * x);
      const below = at + 4 * width;
      const to = 4 * (y * w + x);
      for (let c = 0; c < 3; c++) {
        small[to + c] =
          (data[at + c] + data[at + 4 + c] + data[below + c] + data[below + 4 + c] + 2) >> 2;
      }
    }
  }
  return { data: small, width: w, height: h };
}

/**
 * A part of a picture.
 * @param {Picture} picture
 * @param {number} left
 * @param {number} top
 * @param {number} width
 * @param {number} height
 */
export function cropped(picture, left, top, width, height) {
  const data = new Uint8Array(4 * width * height);
  for (let y = 0; y < height; y++) {
    const from = 4 * ((top + y) * picture.width + left);
    data.set(picture.data.subarray(from, from + 4 * width), 4 * y * width);
  }
  return { data, width, height };
}

/**
 * Which pixels each of a copy's is made of: `count` of them from `first` on, by `shares`.
 * @typedef {{first: Int32Array, shares: Float32Array, count: number}} Cover
 */

/**
 * For a smaller copy: the pixels that one covers, and by which share.
 * @param {number} from
 * @param {number} to
 * @returns {Cover}
 */
function covers(from, to) {
  const scale = from / to;
  const count = Math.ceil(scale) + 1;
  const cover = { first: new Int32Array(to), shares: new Float32Array(count * to), count };
  for (let at = 0; at < to; at++) {
    const low = at * scale;
    const high = Math.min(from, (at + 1) * scale);
    const first = Math.max(0, Math.min(Math.floor(low), from - count));
    cover.first[at] = first;
    for (let i = 0; i < count; i++) {
      const shared = Math.min(high, first + i + 1) - Math.max(low, first + i);
      cover.shares[at * count + i] = Math.max(0, shared) / (high - low);
    }
  }
  return cover;
}

/**
 * For a larger copy: the two pixels that one lies between.
 * @param {number} from
 * @param {number} to
 * @returns {Cover}
 */
function linear(from, to) {
  const count = Math.min(2, from);
  const cover = { first: new Int32Array(to), shares: new Float32Array(count * to), count };
  for (let at = 0; at < to; at++) {
    const place = Math.max(0, Math.min(from - 1, ((at + 0.5) * from) / to - 0.5));
    const first = Math.max(0, Math.min(from - 2, Math.floor(place)));
    cover.first[at] = first;
    cover.shares[at * count] = count === 1 ? 1 : 1 - (place - first);
    if (count === 2) cover.shares[at * count + 1] = place - first;
  }
  return cover;
}

/**
 * A copy of another size as planes of floats in 0 to 1, RGB: area means where it is smaller,
 * linear between pixels where it is larger.
 * @param {Picture} picture
 * @param {number} width
 * @param {number} height
 * @returns {Float32Array} (3, height, width)
 */
export function planes({ data, width: fullWidth, height: fullHeight }, width, height) {
  const cover = width > fullWidth || height > fullHeight ? linear : covers;
  const { first, shares, count } = cover(fullWidth, width);
  const rows = cover(fullHeight, height);
  const plane = width * height;
  const stride = 4 * fullWidth;
  const found = new Float32Array(3 * plane);
  const row = new Float32Array(stride);
  for (let y = 0; y < height; y++) {
    row.fill(0);
    for (let i = 0; i < rows.count; i++) {
      const weight = rows.shares[y * rows.count + i];
      if (!weight) continue;
      for (let x = 0, at = (rows.first[y] + i) * stride; x < stride; x += 4, at += 4) {
        row[x] += weight * data[at];
        row[x + 1] += weight * data[at + 1];
        row[x + 2] += weight * data[at + 2];
      }
    }
    for (let x = 0, share = 0, to = y * width; x < width; x++, to++) {
      let r = 0;
      let g = 0;
      let b = 0;
      for (let i = 0, at = 4 * first[x]; i < count; i++, at += 4, share++) {
        const weight = shares[share];
        r += weight * row[at];
        g += weight * row[at + 1];
        b += weight * row[at + 2];
      }
      // Rounded as a picture of bytes would be.
      found[to] = Math.floor(r + 0.5) / 255;
      found[plane + to] = Math.floor(g + 0.5) / 255;
      found[2 * plane + to] = Math.floor(b + 0.5) / 255;
    }
  }
  return found;
}

/**
 * One sample, linear between pixels, the rim going on; RGB into `out`.
 * @param {Picture} picture
 * @param {number} x
 * @param {number} y
 * @param {Float64Array} out
 */
export function sampleLinear({ data, width, height }, x, y, out) {
  const px = x < 0 ? 0 : x > width - 1 ? width - 1 : x;
  const py = y < 0 ? 0 : y > height - 1 ? height - 1 : y;
  // Whole parts of numbers that are not negative: the quickest way there is.
  const left = px < width - 1 ? px | 0 : width - 2;
  const top = py < height - 1 ? py | 0 : height - 2;
  const fx = px - left;
  const fy = py - top;
  const at = 4 * (top * width + left);
  const below = at + 4 * width;
  const a = (1 - fx) * (1 - fy);
  const b = fx * (1 - fy);
  const c = (1 - fx) * fy;
  const d = fx * fy;
  out[0] = a * data[at] + b * data[at + 4] + c * data[below] + d * data[below + 4];
  out[1] = a * data[at + 1] + b * data[at + 5] + c * data[below + 1] + d * data[below + 5];
  out[2] = a * data[at + 2] + b * data[at + 6] + c * data[below + 2] + d * data[below + 6];
}

const CUBIC = -0.75;
const near = new Float64Array(4);
const down = new Float64Array(4);

/** Weights of four pixels about a place. @param {number} f 0 to 1 @param {Float64Array} out */
function cubic(f, out) {
  const a = CUBIC;
  out[0] = ((a * (f + 1) - 5 * a) * (f + 1) + 8 * a) * (f + 1) - 4 * a;
  out[1] = ((a + 2) * f - (a + 3)) * f * f + 1;
  out[2] = ((a + 2) * (1 - f) - (a + 3)) * (1 - f) * (1 - f) + 1;
  out[3] = 1 - out[0] - out[1] - out[2];
}

/**
 * One sample by cubic convolution, limited to what bytes hold; RGB into `out`.
 * @param {Picture} picture
 * @param {number} x
 * @param {number} y
 * @param {Float64Array} out
 */
export function sampleCubic({ data, width, height }, x, y, out) {
  const left = Math.floor(x);
  const top = Math.floor(y);
  cubic(x - left, near);
  cubic(y - top, down);
  let r = 0;
  let g = 0;
  let b = 0;
  for (let j = 0; j < 4; j++) {
    const row = Math.max(0, Math.min(height - 1, top - 1 + j)) * width;
    for (let i = 0; i < 4; i++) {
      const at = 4 * (row + Math.max(0, Math.min(width - 1, left - 1 + i)));
      const weight = near[i] * down[j];
      r += weight * data[at];
      g += weight * data[at + 1];
      b += weight * data[at + 2];
    }
  }
  out[0] = r < 0 ? 0 : r > 255 ? 255 : r;
  out[1] = g < 0 ? 0 : g > 255 ? 255 : g;
  out[2] = b < 0 ? 0 : b > 255 ? 255 : b;
}
