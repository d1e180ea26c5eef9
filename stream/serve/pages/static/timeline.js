// The line of shots: a click, or Enter after moving with the arrow keys, goes to a shot.
import { film } from "./film.js";
import { clock, t } from "./texts.js";

const line = document.getElementById("timeline");
let here = 0;

export function listenToTimeline(go) {
  line.addEventListener("click", (event) => {
    const rect = event.target.closest("[data-shot]");
    if (rect) go(select(film.shots.findIndex(([index]) => index === Number(rect.dataset.shot))));
  });
  line.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const last = film.shots.length - 1;
    const to = { ArrowLeft: here - 1, ArrowDown: here - 1, ArrowRight: here + 1, ArrowUp: here + 1, Home: 0, End: last }[event.code];
    if (event.code === "Enter" || event.code === "Space") go(film.shots[here]);
    else if (to === undefined) return;
    else select(Math.min(last, Math.max(0, to)));
    event.preventDefault();
  });
}

// Marks the shot with a picture in it as the one that is looked at.
export function showOnTimeline(shot, rank, draft) {
  select(Math.max(0, film.shots.findIndex(([index]) => index === shot)));
  const chosen = new Set(Object.values(draft.choices).map((choice) => choice.rank));
  for (const mark of line.querySelectorAll("[data-mark]")) {
    const own = Number(mark.dataset.mark);
    mark.classList.toggle("current", own === rank);
    mark.classList.toggle("chosen", chosen.has(own));
    mark.classList.toggle("rejected", draft.rejected.includes(own));
  }
}

function select(place) {
  if (!film.shots.length) return undefined;
  here = place;
  const [index, start, end] = film.shots[here];
  const ranks = film.images.filter((image) => image.shot === index).map((image) => image.rank);
  line.setAttribute("aria-valuenow", here + 1);
  const values = { number: here + 1, count: film.shots.length, start: clock(start), end: clock(end) };
  const text = t("title.shot", values);
  line.setAttribute("aria-valuetext", ranks.length ? `${text}, ${t("title.in_pictures", { ranks: ranks.join(", ") })}` : text);
  for (const rect of line.querySelectorAll(".shot.current")) rect.classList.remove("current");
  line.querySelector(`[data-shot="${index}"]`)?.classList.add("current");
  return film.shots[here];
}
