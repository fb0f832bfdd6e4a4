import assert from "node:assert/strict";
import test from "node:test";

import * as codec from "../../../riis_physical/page/static/qr/code/payload.js";
import { modulesOf } from "../../../riis_physical/page/static/qr/soft/decode.js";
import { decode, encodeBlock } from "../../../riis_physical/page/static/qr/code/reed_solomon.js";
import * as structure from "../../../riis_physical/page/static/qr/code/structure.js";
import { arrays, useModels } from "./arrays.mjs";

await useModels();

test("known modules, places of bits and blocks are those of every version and level", () => {
  for (const one of arrays("codes")) {
    const { mask, values } = structure.knownModules(one.version, one.level);
    assert.deepEqual([...mask], one.mask);
    assert.deepEqual(
      [...values].map((v, i) => v & mask[i]),
      one.values,
    );
    assert.deepEqual([...structure.functionModules(one.version).mask], one.function);
    const { places, inverted, count } = structure.dataPath(one.version);
    assert.deepEqual([...places.subarray(0, count)], one.places);
    assert.deepEqual([...inverted.subarray(0, count)], one.inverted);
    const positions = structure.blocks(one.version, one.level).map((block) => block.positions);
    assert.deepEqual(positions, one.blocks);
  }
});

test("messages become the same codewords and modules, and come back", () => {
  for (const one of arrays("payloads")) {
    const payload = new TextEncoder().encode(one.text);
    assert.deepEqual(codec.smallestCode(payload, structure.MAX_VERSION), [one.version, one.level]);
    const data = codec.build(payload, one.version, one.level);
    assert.deepEqual([...data], one.data);
    assert.deepEqual([...modulesOf(payload, one.version, one.level)], one.modules);
    assert.deepEqual(codec.parse(data, one.version, one.level), payload);
    data[data.length - 1] ^= 1;
    assert.notDeepEqual(codec.parse(data, one.version, one.level), payload);
  }
});

test("errors up to half of the check symbols are corrected, more are not", () => {
  let seed = 1;
  const next = (most) => (seed = (seed * 48271) % 2147483647) % most;
  for (const [dataCount, checkCount] of [
    [11, 22],
    [19, 7],
    [68, 18],
  ]) {
    for (let errors = 0; errors <= checkCount / 2 + 1; errors++) {
      const data = Uint8Array.from({ length: dataCount }, () => next(256));
      const word = encodeBlock(data, checkCount);
      const received = word.slice();
      const places = new Set();
      while (places.size < errors) places.add(next(word.length));
      for (const place of places) received[place] ^= 1 + next(255);
      const found = decode(received, checkCount);
      if (errors <= Math.floor(checkCount / 2)) assert.deepEqual(found, word);
      else assert.notDeepEqual(found, word);
    }
  }
});
