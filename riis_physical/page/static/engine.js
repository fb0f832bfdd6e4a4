// Networks in ONNX Runtime, their files verified against the list that came with the page.

/** @typedef {{data: Float32Array, dims: number[]}} Values */
/** @typedef {Record<string, Values>} Ports by name */
/** @typedef {{run: (inputs: Ports) => Promise<Ports>}} Network */
/** @typedef {{file: string, sha256: string}} FileEntry */
/**
 * A model that reads, and its networks.
 * @typedef {object} ReadingEntry
 * @property {string} name
 * @property {number} modulePx
 * @property {number} channels
 * @property {number} temperature
 * @property {FileEntry} reveal
 * @property {FileEntry} estimate
 */
/**
 * What the page's models are, as the Python package writes it to models.json.
 * @typedef {object} Models
 * @property {ReadingEntry[]} reading the models, the likeliest first
 * @property {Record<"detector" | "closeup", FileEntry>} networks
 * @property {FileEntry} text table of characters
 * @property {import("./qr/code/structure.js").Tables} codes
 */
/** @typedef {(name: string) => Promise<Uint8Array>} Fetch a file's bytes */

/**
 * A file's bytes, if they are what the list says.
 * @param {Fetch} get
 * @param {FileEntry} entry
 */
export async function verified(get, { file, sha256 }) {
  const data = await get(file);
  const digest = new Uint8Array(
    await crypto.subtle.digest("SHA-256", /** @type {Uint8Array<ArrayBuffer>} */ (data)),
  );
  const seen = Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
  if (seen !== sha256) {
    throw new Error(`${file} is not what this page was made with: load the page again`);
  }
  return data;
}

/**
 * A network in ONNX Runtime.
 * @param {any} ort onnxruntime-web
 * @param {Uint8Array} model
 * @param {string[]} providers for example wasm
 * @returns {Promise<Network>}
 */
export async function openNetwork(ort, model, providers) {
  const session = await ort.InferenceSession.create(model, {
    executionProviders: providers,
    graphOptimizationLevel: "all",
  });
  // A session runs one call at a time.
  let last = Promise.resolve();
  const call = async (/** @type {Ports} */ inputs) => {
    /** @type {Record<string, unknown>} */
    const feeds = {};
    for (const [name, { data, dims }] of Object.entries(inputs)) {
      feeds[name] = new ort.Tensor("float32", data, dims);
    }
    const seen = await session.run(feeds);
    /** @type {Ports} */
    const found = {};
    for (const name of session.outputNames) {
      found[name] = { data: seen[name].data, dims: [...seen[name].dims] };
    }
    return found;
  };
  return {
    run(inputs) {
      const done = last.then(() => call(inputs));
      last = done.then(
        () => undefined,
        () => undefined,
      );
      return done;
    },
  };
}

/**
 * Bytes that were compressed, as they were.
 * @param {Uint8Array} data
 * @param {"gzip" | "deflate"} way
 */
export async function inflated(data, way) {
  const stream = new Blob([/** @type {Uint8Array<ArrayBuffer>} */ (data)]).stream();
  const whole = stream.pipeThrough(new DecompressionStream(way));
  return new Uint8Array(await new Response(whole).arrayBuffer());
}
