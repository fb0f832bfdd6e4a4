// Keeps the page for use without a connection, and gives its answers the headers that let
// WebAssembly use all cores. Nothing is asked of other servers.

/** Which page this is; written when the page is built. */
const VERSION = "unbuilt";
const PREFIX = "read-a-picture ";
const HEADERS = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
  "Cross-Origin-Resource-Policy": "same-origin",
};
const scope = /** @type {any} */ (self);

async function install() {
  const files = await (await fetch("files.json", { cache: "no-store" })).json();
  const cache = await caches.open(PREFIX + VERSION);
  // Models and the runtime are kept when they are first used: of two runtimes only one is.
  await cache.addAll(
    files.map((/** @type {string} */ file) => new Request(file, { cache: "reload" })),
  );
  await scope.skipWaiting();
}

async function activate() {
  for (const name of await caches.keys()) {
    if (name.startsWith(PREFIX) && name !== PREFIX + VERSION) await caches.delete(name);
  }
  await scope.clients.claim();
}

/** An answer with the headers. @param {Response} answer */
function isolated(answer) {
  if (!answer.ok || answer.type === "opaque") return answer;
  const headers = new Headers(answer.headers);
  for (const [name, value] of Object.entries(HEADERS)) headers.set(name, value);
  return new Response(answer.body, {
    status: answer.status,
    statusText: answer.statusText,
    headers,
  });
}

/** From the cache, else from the server, then kept. @param {Request} request */
async function answered(request) {
  const cache = await caches.open(PREFIX + VERSION);
  const found = await cache.match(request, { ignoreSearch: true });
  if (found) return isolated(found);
  const answer = await fetch(request);
  if (answer.ok) await cache.put(request, answer.clone());
  return isolated(answer);
}

scope.addEventListener("install", (/** @type {any} */ event) => event.waitUntil(install()));
scope.addEventListener("activate", (/** @type {any} */ event) => event.waitUntil(activate()));
scope.addEventListener("fetch", (/** @type {any} */ event) => {
  const { request } = event;
  if (request.method === "GET" && new URL(request.url).origin === scope.location.origin) {
    event.respondWith(answered(request));
  }
});
