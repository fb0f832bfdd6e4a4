// The reading side of a hiding model: straightened pictures to soft values of modules.

import { fixedNoise } from "./noise.js";

/** @typedef {import("../engine.js").Network} Network */
/**
 * Distortion level of a capture.
 * @typedef {object} Condition
 * @property {number} blur sigma in pixels of a container 512 px wide
 * @property {number} noise standard deviation, of a range of 0 to 1
 * @property {number} jpegQuality 1 to 100
 * @property {number} scalePx photo pixels a module
 */
/** @typedef {{logits: Float32Array, picture: Float32Array}} Revealed */

const BATCH = 8;
const MIDDLING = { blur: 0.8, noise: 0.012, jpegQuality: 85 };

/** The four numbers that the network is conditioned on. @param {Condition} condition */
export const normalised = ({ blur, noise, jpegQuality, scalePx }) =>
  [
    blur / 2,
    noise / 0.06,
    (100 - jpegQuality) / 60,
    Math.log2(Math.max(scalePx, 1e-3) / 8) / 3 + 0.5,
  ].map((value) => Math.max(0, Math.min(1, value)));

/**
 * A condition for probing: a photo of ordinary blur and noise.
 * @param {number} scalePx
 * @returns {Condition}
 */
export const middling = (scalePx) => ({ ...MIDDLING, scalePx });

export class Model {
  /**
   * @param {{reveal: Network, estimate: Network}} networks
   * @param {{name: string, modulePx: number, channels: number, temperature: number}} about
   */
  constructor(networks, about) {
    this.networks = networks;
    this.about = about;
  }

  /**
   * Soft values of square pictures of one size.
   * @param {Float32Array[]} frames (3, side, side) RGB in 0 to 1 each
   * @param {number} side in pixels, a multiple of a module's
   * @param {Condition[]} conditions
   * @returns {Promise<Revealed[]>}
   */
  async reveal(frames, side, conditions) {
    const { modulePx, channels, temperature } = this.about;
    const modules = side / modulePx;
    const z = fixedNoise(channels, modules).map((value) => value * temperature);
    /** @type {Revealed[]} */
    const found = [];
    for (let start = 0; start < frames.length; start += BATCH) {
      const part = frames.slice(start, start + BATCH);
      const count = part.length;
      const data = new Float32Array(count * 3 * side * side);
      const noise = new Float32Array(count * z.length);
      part.forEach((frame, i) => {
        data.set(frame, i * frame.length);
        noise.set(z, i * z.length);
      });
      const condition = Float32Array.from(
        conditions.slice(start, start + BATCH).flatMap(normalised),
      );
      const seen = await this.networks.reveal.run({
        frames: { data, dims: [count, 3, side, side] },
        condition: { data: condition, dims: [count, 4] },
        z: { data: noise, dims: [count, channels, modules, modules] },
      });
      for (let i = 0; i < count; i++) {
        const own = (/** @type {Float32Array} */ all) =>
          all.slice((i * all.length) / count, ((i + 1) * all.length) / count);
        found.push({ logits: own(seen.logits.data), picture: own(seen.picture.data) });
      }
    }
    return found;
  }

  /**
   * Distortion level of one picture.
   * @param {Float32Array} frame
   * @param {number} side
   * @param {number} scalePx
   * @returns {Promise<Condition>}
   */
  async estimate(frame, side, scalePx) {
    const seen = await this.networks.estimate.run({
      frames: { data: frame, dims: [1, 3, side, side] },
    });
    const [blur, noise, jpeg] = seen.level.data;
    return { blur: 2 * blur, noise: 0.06 * noise, jpegQuality: 100 - 60 * jpeg, scalePx };
  }
}
