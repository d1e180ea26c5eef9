// The list of titles: it is brought up to date when something happens, without losing the place.
import { listen, showTrouble } from "./live.js";
import { note, showLeftNote } from "./notes.js";
import { keepTrying } from "./pictures.js";
import { showTimes, t } from "./texts.js";

const AT_MOST_EVERY_MS = 2000;
let waiting = null;
let running = false;

function soon() {
  waiting ??= setTimeout(refresh, AT_MOST_EVERY_MS);
}

async function refresh() {
  waiting = null;
  if (running || document.hidden) return soon();
  running = true;
  const answer = await fetch(location.href, { headers: { Accept: "text/html" } }).catch(() => null);
  if (answer?.redirected) location.reload();
  else if (answer?.ok) replace(new DOMParser().parseFromString(await answer.text(), "text/html"));
  else soon(); // the service is away for now
  running = false;
}

function replace(fresh) {
  const held = document.activeElement?.closest?.("#list a");
  const [mine, theirs] = [document.getElementById("list"), fresh.getElementById("list")];
  showTimes(theirs);
  if (mine.innerHTML === theirs.innerHTML) return;
  mine.replaceWith(document.adoptNode(theirs));
  const same = (one) => one.getAttribute("href") === held.getAttribute("href") && one.className === held.className;
  if (held) [...document.querySelectorAll("#list a")].find(same)?.focus();
}

showTimes();
keepTrying();
showLeftNote();
if (new URLSearchParams(location.search).has("finished")) note(t("note.finished"));
listen({ review: soon, counts: soon, trouble: showTrouble, lost: soon, job: soon });
