// What who embeds it needs: open a reader, give it pictures, get messages.

import { inflated, openNetwork, verified } from "./engine.js";
import { Live } from "./read/live.js";
import { Model } from "./read/model.js";
import { look } from "./read/search.js";
import { MessageList } from "./qr/soft/list.js";
import { useText } from "./qr/prior/letters.js";
import { useTables } from "./qr/code/structure.js";

/** @typedef {import("./geometry/picture.js").Picture} Picture */
/** @typedef {import("./geometry/quad.js").Quad} Quad */
/** @typedef {import("./engine.js").Fetch} Fetch */
/** @typedef {import("./engine.js").Models} Models */
/** @typedef {{prefixes?: string[], among?: string[]}} Known what is known of messages */
/**
 * A message that was read.
 * @typedef {object} Message
 * @property {string | null} text null where the bytes are no text
 * @property {Uint8Array} bytes
 * @property {Quad} corners xy in the picture, from the printed top left clockwise
 * @property {number} confidence 0 to 1
 * @property {number} evidenceBits
 * @property {"code" | "text" | "beginning" | "list"} by what is known of messages that told most
 */
/**
 * @typedef {object} Reader
 * @property {(picture: Picture, known?: Known) => Promise<Message | null>} read one photo
 * @property {(known?: Known) => Live} live frames of a camera
 * @property {string} engine what computes: webgpu or wasm
 * @property {string[]} models names, the likeliest first
 * @property {number} threads of WebAssembly: 1 where the page is not isolated
 */

/** @param {Uint8Array} bytes */
export function textOf(bytes) {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
}

/** @param {import("./qr/soft/decode.js").Reading} reading @param {Quad} corners @returns {Message} */
export const messageOf = (reading, corners) => ({
  text: textOf(reading.payload),
  bytes: reading.payload,
  corners,
  confidence: reading.confidence,
  evidenceBits: reading.bits,
  by: reading.by,
});

/** @param {Known} [known] @returns {import("./qr/soft/decode.js").Knowledge} */
function knowledgeOf(known = {}) {
  const encoder = new TextEncoder();
  return {
    prefixes: (known.prefixes ?? []).map((one) => encoder.encode(one)),
    among: known.among?.length ? new MessageList(known.among) : null,
  };
}

/**
 * Open a reader.
 * @param {object} options
 * @param {any} options.ort onnxruntime-web, ready to make sessions
 * @param {Fetch} options.get gives a file of the page's folder `models`
 * @param {string[]} [options.providers] of ONNX Runtime, in order of preference
 * @param {(done: number, all: number) => void} [options.progress]
 * @returns {Promise<Reader>}
 */
export async function openReader({ ort, get, providers = ["wasm"], progress = () => {} }) {
  /** @type {Models} */
  const models = JSON.parse(new TextDecoder().decode(await get("models.json")));
  useTables(models.codes);
  useText(await inflated(await verified(get, models.text), "deflate"));
  const { networks, reading } = models;
  const all = Object.keys(networks).length + 2 * reading.length;
  let done = 0;
  const open = async (/** @type {import("./engine.js").FileEntry} */ entry) => {
    const network = await openNetwork(ort, await verified(get, entry), providers);
    progress(++done, all);
    return network;
  };
  /** @type {import("./read/search.js").Eyes} */
  const eyes = {
    detector: await open(networks.detector),
    closeup: await open(networks.closeup),
    models: [],
  };
  for (const one of reading) {
    const parts = { reveal: await open(one.reveal), estimate: await open(one.estimate) };
    eyes.models.push(new Model(parts, one));
  }
  return {
    engine: providers[0],
    models: reading.map((one) => one.name),
    threads: ort.env.wasm.numThreads,
    async read(picture, known) {
      const best = await look(eyes, picture, knowledgeOf(known));
      return best?.reading ? messageOf(best.reading, best.corners) : null;
    },
    live: (known) => new Live(eyes, knowledgeOf(known)),
  };
}
