// What happens, as the service tells it (server-sent events). Browsers come back by themselves when it was gone.
// What keeps the service's work waiting, in the banner that every page has.
export function showTrouble({ now = {} }) {
  const lines = Object.values(now).map((line) => Object.assign(document.createElement("li"), { textContent: line }));
  const place = document.getElementById("trouble");
  place.hidden = lines.length === 0;
  place.querySelector("ul").replaceChildren(...lines);
}

export function listen(handlers) {
  const source = new EventSource("/api/events");
  for (const [kind, act] of Object.entries(handlers)) {
    source.addEventListener(kind, (event) => act(event.data ? JSON.parse(event.data) : {}));
  }
  addEventListener("pagehide", () => source.close());
  return source;
}
