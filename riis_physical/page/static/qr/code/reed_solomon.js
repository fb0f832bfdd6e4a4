// Reed-Solomon codes over GF(256) as QR codes use them: x^8 + x^4 + x^3 + x^2 + 1, generator 2.

const EXP = new Uint8Array(510);
const LOG = new Uint8Array(256);
for (let power = 0, value = 1; power < 255; power++) {
  EXP[power] = EXP[power + 255] = value;
  LOG[value] = power;
  value <<= 1;
  if (value & 0x100) value ^= 0x11d;
}

/** Product in GF(256). @param {number} a @param {number} b */
export const multiply = (a, b) => (a && b ? EXP[LOG[a] + LOG[b]] : 0);

/** @type {Map<number, Uint8Array>} */
const generators = new Map();

/** The generator polynomial without its leading 1, highest power first. @param {number} count */
function generator(count) {
  let found = generators.get(count);
  if (!found) {
    let poly = [1];
    for (let power = 0; power < count; power++) {
      const longer = [...poly, 0];
      poly.forEach((term, at) => (longer[at + 1] ^= multiply(term, EXP[power])));
      poly = longer;
    }
    found = Uint8Array.from(poly.slice(1));
    generators.set(count, found);
  }
  return found;
}

/** Data symbols and their check symbols. @param {ArrayLike<number>} data @param {number} count */
export function encodeBlock(data, count) {
  const gen = generator(count);
  const word = new Uint8Array(data.length + count);
  word.set(data);
  const rest = new Uint8Array(count);
  for (let i = 0; i < data.length; i++) {
    const factor = data[i] ^ rest[0];
    rest.copyWithin(0, 1);
    rest[count - 1] = 0;
    if (factor) for (let j = 0; j < count; j++) rest[j] ^= multiply(gen[j], factor);
  }
  word.set(rest, data.length);
  return word;
}

/** Values of a word at the code's roots. @param {Uint8Array} word @param {number} count */
function syndromes(word, count) {
  const found = new Uint8Array(count);
  for (let root = 0; root < count; root++) {
    let sum = 0;
    for (const symbol of word) sum = multiply(sum, EXP[root]) ^ symbol;
    found[root] = sum;
  }
  return found;
}

/**
 * Correct up to count / 2 errors.
 * @param {Uint8Array} word data symbols first
 * @param {number} count check symbols
 * @returns {Uint8Array | null} the codeword, null where there is none so near
 */
export function decode(word, count) {
  const syndrome = syndromes(word, count);
  if (syndrome.every((value) => !value)) return word.slice();
  // Berlekamp and Massey.
  let locator = [1];
  let previous = [1];
  let degree = 0;
  let shift = 1;
  let scale = 1;
  for (let step = 0; step < count; step++) {
    let gap = syndrome[step];
    for (let i = 1; i <= degree; i++) gap ^= multiply(locator[i] ?? 0, syndrome[step - i]);
    if (!gap) {
      shift++;
      continue;
    }
    const factor = EXP[LOG[gap] + 255 - LOG[scale]];
    const updated = locator.slice();
    previous.forEach((term, at) => {
      updated[at + shift] = (updated[at + shift] ?? 0) ^ multiply(term, factor);
    });
    for (let i = 0; i < updated.length; i++) updated[i] ??= 0;
    if (2 * degree <= step) {
      previous = locator;
      degree = step + 1 - degree;
      scale = gap;
      shift = 1;
    } else shift++;
    locator = updated;
  }
  if (degree > count / 2) return null;
  // Chien's search, Forney's formula.
  const evaluator = new Uint8Array(count);
  for (let i = 0; i < count; i++) {
    for (let j = 0; j <= i && j < locator.length; j++) {
      evaluator[i] ^= multiply(locator[j], syndrome[i - j]);
    }
  }
  const fixed = word.slice();
  let errors = 0;
  for (let at = 0; at < word.length; at++) {
    const power = word.length - 1 - at;
    const inverse = (255 - power) % 255;
    let value = 0;
    let slope = 0;
    for (let i = 0; i < locator.length; i++) {
      const term = multiply(locator[i], EXP[(inverse * i) % 255]);
      value ^= term;
      if (i % 2) slope ^= multiply(locator[i], EXP[(inverse * (i - 1)) % 255]);
    }
    if (value || !slope) continue;
    let top = 0;
    for (let i = 0; i < count; i++) top ^= multiply(evaluator[i], EXP[(inverse * i) % 255]);
    fixed[at] ^= multiply(multiply(top, EXP[255 - LOG[slope]]), EXP[power % 255]);
    errors++;
  }
  if (errors !== degree || syndromes(fixed, count).some((one) => one)) return null;
  return fixed;
}
