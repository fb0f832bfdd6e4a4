// What the Python package wrote for these tests, and how near values must be.

import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";

import { inflated } from "../../../riis_physical/page/static/engine.js";
import { useText } from "../../../riis_physical/page/static/qr/prior/letters.js";
import { useTables } from "../../../riis_physical/page/static/qr/code/structure.js";

const folder = process.env.ARRAYS ?? "";

export const arrays = (name) =>
  JSON.parse(fs.readFileSync(path.join(folder, `${name}.json`), "utf8"));

export async function useModels() {
  const models = JSON.parse(fs.readFileSync(path.join(folder, "models", "models.json"), "utf8"));
  useTables(models.codes);
  const packed = fs.readFileSync(path.join(folder, "models", models.text.file));
  useText(await inflated(new Uint8Array(packed), "deflate"));
  return models;
}

/** Largest difference between two lists of one length. */
export function difference(seen, wanted) {
  assert.equal(seen.length, wanted.length);
  let most = 0;
  for (let i = 0; i < seen.length; i++) most = Math.max(most, Math.abs(seen[i] - wanted[i]));
  return most;
}

/** Mean difference between two lists of one length. */
export function meanDifference(seen, wanted) {
  assert.equal(seen.length, wanted.length);
  let sum = 0;
  for (let i = 0; i < seen.length; i++) sum += Math.abs(seen[i] - wanted[i]);
  return sum / seen.length;
}
