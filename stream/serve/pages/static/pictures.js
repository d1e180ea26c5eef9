// Pictures that could not be loaded are tried again while the service is away or busy; others are not there.
const AGAIN_S = 5;
const tried = new WeakSet();

export function keepTrying() {
  document.addEventListener("error", (event) => event.target.tagName === "IMG" && tryAgain(event.target), true);
  document.addEventListener("load", (event) => event.target.closest?.(".broken")?.classList.remove("broken"), true);
  for (const one of document.images) if (one.complete && one.src && !one.naturalWidth) tryAgain(one);
}

async function tryAgain(picture) {
  if (tried.has(picture)) return;
  tried.add(picture);
  const url = picture.src;
  const wait = await waitFor(url);
  tried.delete(picture);
  if (wait === null || picture.src !== url) return;
  setTimeout(() => picture.isConnected && picture.src === url && (picture.src = url), wait * 1000);
}

// Seconds until a picture may be there; null when asking again is of no use.
async function waitFor(url) {
  const answer = await fetch(url).catch(() => null);
  if (answer?.ok) return 0;
  const busy = answer === null || answer.status === 503 || answer.status === 429;
  return busy ? Number(answer?.headers.get("Retry-After") ?? AGAIN_S) || AGAIN_S : null;
}
