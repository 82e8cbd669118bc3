// Keeps the files of the page, so that it opens without a network. BUILT stands above: its version.
const NAME = `scalargrad-${BUILT.version}`;

addEventListener("install", (event) => {
  event.waitUntil(caches.open(NAME)
    .then((cache) => cache.addAll([".", ...BUILT.files])).then(() => self.skipWaiting()));
});
addEventListener("activate", (event) => {
  event.waitUntil(caches.keys().then((names) => Promise.all(
    names.filter((name) => name.startsWith("scalargrad-") && name !== NAME).map((name) => caches.delete(name)),
  )).then(() => self.clients.claim()));
});
addEventListener("fetch", (event) => {
  if (event.request.method !== "GET") return;
  event.respondWith(caches.match(event.request, { ignoreSearch: true })
    .then((kept) => kept ?? fetch(event.request)));
});
