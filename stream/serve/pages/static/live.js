// What happens, as the service tells it (server-sent events). Browsers come back by themselves when it was gone.
import { has, said, t } from "./texts.js";

// What keeps the service's work waiting, in the banner that every page has.
export function showTrouble({ now = {} }) {
  const lines = Object.entries(now).map(([kind, line]) => troubleLine(kind, line));
  const place = document.getElementById("trouble");
  place.hidden = lines.length === 0;
  place.querySelector("ul").replaceChildren(...lines);
}

// The ledger's own words name servers and files: they are for those who run the service.
function troubleLine(kind, line) {
  const made = document.createElement("li");
  made.textContent = t(has(`trouble.${kind}`) ? `trouble.${kind}` : "trouble.other");
  if (kind === "ledger") return made;
  const detail = Object.assign(document.createElement("span"), { className: "muted" });
  detail.append(said(line));
  made.append(" ", detail);
  return made;
}

export function listen(handlers) {
  const source = new EventSource("/api/events");
  for (const [kind, act] of Object.entries(handlers)) {
    source.addEventListener(kind, (event) => act(event.data ? JSON.parse(event.data) : {}));
  }
  addEventListener("pagehide", () => source.close());
  return source;
}
