// The fixed z of revealing: the numbers that torch draws from a seed, by the Mersenne Twister and
// Box and Muller's transform on pairs that lie eight apart.

const N = 624;
const M = 397;

/** 32-bit numbers of the Mersenne Twister. @param {number} seed @returns {() => number} */
export function twister(seed) {
  const state = new Uint32Array(N);
  state[0] = seed;
  for (let i = 1; i < N; i++) {
    const before = state[i - 1] ^ (state[i - 1] >>> 30);
    state[i] = Math.imul(1812433253, before) + i;
  }
  let at = N;
  return () => {
    if (at === N) {
      for (let i = 0; i < N; i++) {
        const y = (state[i] & 0x80000000) | (state[(i + 1) % N] & 0x7fffffff);
        state[i] = state[(i + M) % N] ^ (y >>> 1) ^ (y & 1 ? 0x9908b0df : 0);
      }
      at = 0;
    }
    let y = state[at++];
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    return (y ^ (y >>> 18)) >>> 0;
  };
}

/** @type {Map<string, Float32Array>} */
const kept = new Map();

/**
 * Numbers of a normal distribution, (channels, side, side).
 * @param {number} channels
 * @param {number} side
 */
export function fixedNoise(channels, side) {
  const key = `${channels} ${side}`;
  let z = kept.get(key);
  if (!z) {
    const next = twister(0);
    const uniform = Float32Array.from(
      { length: channels * side * side },
      () => (next() & 0xffffff) / 2 ** 24,
    );
    z = new Float32Array(uniform.length);
    for (let block = 0; block < z.length; block += 16) {
      for (let i = block; i < block + 8; i++) {
        const radius = Math.sqrt(-2 * Math.log(1 - uniform[i]));
        const angle = 2 * Math.PI * uniform[i + 8];
        z[i] = radius * Math.cos(angle);
        z[i + 8] = radius * Math.sin(angle);
      }
    }
    kept.set(key, z);
  }
  return z;
}
