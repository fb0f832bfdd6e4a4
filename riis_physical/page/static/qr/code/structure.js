// Where everything sits in a QR code's grid, and what is known before reading.
// Tables (blocks, patterns, format words) are those that the Python package writes.

/** @typedef {"H" | "Q" | "M" | "L"} Level */
/**
 * One Reed-Solomon block; positions in the interleaved stream of codewords, data symbols first.
 * @typedef {{dataCount: number, checkCount: number, positions: number[]}} Block
 */
/**
 * Modules that are known: mask and values, row by row, 1 for true.
 * @typedef {{mask: Uint8Array, values: Uint8Array}} Known
 */
/**
 * @typedef {object} VersionTable
 * @property {string} mask modules of function patterns, "1" and "0" row by row
 * @property {string} values which of them are dark; format bits are 0
 * @property {Record<Level, number[][]>} blocks data and check symbols of each block
 */
/**
 * @typedef {object} Tables
 * @property {Record<Level, number[]>} format the 15 format bits, lowest first
 * @property {VersionTable[]} versions 1 to 10
 */

/** @type {Level[]} */
export const LEVELS = ["H", "Q", "M", "L"];
export const MAX_VERSION = 10;

/** @type {Tables | null} */
let tables = null;
/** @type {Map<string, any>} */
const kept = new Map();

/**
 * Give the tables, before anything else here is used.
 * @param {Tables} value
 */
export function useTables(value) {
  tables = value;
  kept.clear();
}

/**
 * Compute once.
 * @template T
 * @param {string} key
 * @param {() => T} make
 * @returns {T}
 */
function once(key, make) {
  if (!kept.has(key)) kept.set(key, make());
  return kept.get(key);
}

/** @param {number} version @returns {VersionTable} */
function table(version) {
  if (!tables) throw new Error("no tables: call useTables first");
  const found = tables.versions[version - 1];
  if (!found) throw new Error(`QR version ${version}: expected 1 to ${MAX_VERSION}`);
  return found;
}

/** Modules along one side. @param {number} version */
export const gridSize = (version) => 17 + 4 * version;

/** Places (row * N + column) of the two copies of the format bits. @param {number} version */
export function formatPlaces(version) {
  return once(`format ${version}`, () => {
    const size = gridSize(version);
    const near = [0, 1, 2, 3, 4, 5, 7, 8];
    const places = [];
    for (let i = 0; i < 15; i++) {
      const first = i < 8 ? near[i] : size - 7 + (i - 8);
      const across = i < 8 ? size - 1 - i : [7, 5, 4, 3, 2, 1, 0][i - 8];
      places.push([first * size + 8, 8 * size + across]);
    }
    return places;
  });
}

/** The 15 format bits of a level. @param {Level} level */
export function formatBits(level) {
  if (!tables) throw new Error("no tables: call useTables first");
  return tables.format[level];
}

/**
 * Places of the codeword bits in order, the rest after them, and where the mask inverts.
 * @param {number} version
 * @returns {{places: Int32Array, inverted: Uint8Array, count: number}}
 */
export function dataPath(version) {
  return once(`path ${version}`, () => {
    const size = gridSize(version);
    const taken = table(version).mask;
    /** @type {number[]} */
    const places = [];
    let upwards = true;
    for (let right = size - 1; right > 0; right -= 2) {
      const column = right <= 6 ? right - 1 : right;
      for (let step = 0; step < size; step++) {
        const row = upwards ? size - 1 - step : step;
        for (const c of [column, column - 1]) {
          if (taken[row * size + c] === "0") places.push(row * size + c);
        }
      }
      upwards = !upwards;
    }
    const inverted = Uint8Array.from(places, (at) => {
      const product = Math.floor(at / size) * (at % size);
      return ((product % 2) + (product % 3)) % 2 === 0 ? 1 : 0;
    });
    return { places: Int32Array.from(places), inverted, count: 8 * codewordCount(version) };
  });
}

/** Codewords in the grid. @param {number} version @returns {number} */
export function codewordCount(version) {
  return table(version).blocks.H.reduce((sum, [data, check]) => sum + data + check, 0);
}

/** @param {number} version @param {Level} level @returns {Block[]} */
export function blocks(version, level) {
  return once(`blocks ${version} ${level}`, () => {
    const counts = table(version).blocks[level];
    const checkCount = counts[0][1];
    /** @type {number[][]} */
    const positions = counts.map(() => []);
    let place = 0;
    const most = Math.max(...counts.map(([data]) => data));
    for (let index = 0; index < most; index++) {
      counts.forEach(([data], block) => {
        if (index < data) positions[block].push(place++);
      });
    }
    for (let index = 0; index < checkCount; index++) {
      counts.forEach((_, block) => positions[block].push(place++));
    }
    return counts.map(([data], block) => ({
      dataCount: data,
      checkCount,
      positions: positions[block],
    }));
  });
}

/** Data codewords of all blocks. @param {number} version @param {Level} level @returns {number} */
export function dataCodewordCount(version, level) {
  return blocks(version, level).reduce((sum, block) => sum + block.dataCount, 0);
}

/**
 * Modules that are the same for every message.
 * @param {number} version
 * @param {Level} level
 * @returns {Known}
 */
export function knownModules(version, level) {
  return once(`known ${version} ${level}`, () => {
    const { mask: m, values: v } = table(version);
    const mask = Uint8Array.from(m, Number);
    const values = Uint8Array.from(v, Number);
    const bits = formatBits(level);
    formatPlaces(version).forEach((pair, i) => pair.forEach((at) => (values[at] = bits[i])));
    const { places, inverted, count } = dataPath(version);
    for (let i = count; i < places.length; i++) {
      mask[places[i]] = 1;
      values[places[i]] = inverted[i];
    }
    return { mask, values };
  });
}

/**
 * Modules that are the same for every message and level.
 * @param {number} version
 * @returns {Known}
 */
export function functionModules(version) {
  return once(`function ${version}`, () => {
    const all = LEVELS.map((level) => knownModules(version, level));
    const mask = all[0].mask.map((known, at) =>
      known && all.every((one) => one.values[at] === all[0].values[at]) ? 1 : 0,
    );
    return { mask, values: all[0].values.map((value, at) => value & mask[at]) };
  });
}
