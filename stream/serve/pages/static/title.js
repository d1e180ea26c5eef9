// The review of one title: looking, choosing for each format, deciding.
import { toldOfJob } from "./again.js";
import { ask } from "./api.js";
import { compare } from "./compare.js";
import { Cropper, widest } from "./cropper.js";
import { Draft } from "./draft.js";
import { desk, firstForm, inScope, isRejected, labels, looked, render, view } from "./desk.js";
import { farTooSmall, film, isOffered, offered } from "./film.js";
import { keysAreOn, listenToKeys, switchKeys } from "./keys.js";
import { listen, showTrouble } from "./live.js";
import { banner, leaveNote, note, problem, showLeftNote, unbanner } from "./notes.js";
import { keepTrying } from "./pictures.js";
import { clock, moment, showTimes, t } from "./texts.js";
import { listenToTimeline } from "./timeline.js";

const at = (id) => document.getElementById(id);

let leaving = false;
let askedAbout = "";

const draft = new Draft(film.id, film.review, {
  changed: () => (saved(t("note.unsaved")), unbanner("small"), (askedAbout = ""), render()),
  saved: () => (saved(t("note.saved")), unbanner("problem")),
  failed: (error) => (saved(t("note.unsaved")), problem(error, () => draft.save())),
  conflict: (more) => (saved(t("note.unsaved")), conflict(more)),
});
const cropper = film.editing ? new Cropper(cropped) : null;
Object.assign(desk, { draft, cropper });

function saved(text) {
  at("saved").textContent = text;
}

function lookAt(place) {
  if (place < 0 || place >= film.images.length) return;
  desk.look = place;
  if (cropper?.isOpen) openCrop(cropper.form.name);
  else render();
  note(t("note.looking", { rank: looked().rank, count: film.images.length }), { quiet: true });
}

function setScope(name) {
  desk.scope = name;
  if (cropper?.isOpen && name !== "all") openCrop(name);
  else render();
  note(t("note.scope", { format: film.format(name)?.label ?? t("title.all_formats") }), { quiet: true });
}

function nextScope() {
  const names = ["all", ...film.formats.map((form) => form.name)];
  setScope(names[(names.indexOf(desk.scope) + 1) % names.length]);
}

function pick() {
  const image = looked();
  if (cropper?.isOpen) return cropper.tell();
  const forms = inScope().filter((form) => image?.crops[form.name]);
  if (!forms.length) return;
  draft.change((state) => {
    state.rejected = state.rejected.filter((rank) => rank !== image.rank);
    for (const form of forms) {
      if (state.choices[form.name]?.rank !== image.rank) state.choices[form.name] = offered(image, form.name);
    }
  });
  note(t("note.picked", { rank: image.rank, formats: labels(forms) }));
}

function reject() {
  const image = looked();
  if (!image) return;
  const out = !isRejected(image);
  draft.change((state) => {
    state.rejected = state.rejected.filter((rank) => rank !== image.rank);
    if (!out) return;
    state.rejected = [...state.rejected, image.rank].sort((one, other) => one - other);
    for (const [name, choice] of Object.entries(state.choices)) if (choice.rank === image.rank) delete state.choices[name];
  });
  note(t(out ? "note.rejected" : "note.unrejected", { rank: image.rank }));
}

function undo() {
  note(draft.undo() ? t("note.undone") : t("note.nothing_to_undo"));
  if (cropper?.isOpen) openCrop(cropper.form.name);
}

// The crop editor with a format's choice when that is the picture looked at, else with the picture as it was offered.
function openCrop(format, shot) {
  const [image, own] = [looked(), draft.state.choices[format]];
  if (shot) {
    const picture = film.images.find((one) => one.shot === shot[0] && one.crops[format]);
    const rect = picture?.crops[format].rect ?? widest(film.format(format), middle(shot));
    const rank = picture?.rank ?? null;
    cropper.open(format, { rank, time_s: picture?.time ?? middle(shot), source_rect: rect }, shot);
  } else if (own && (own.rank === null || own.rank === image?.rank)) cropper.open(format, own);
  else if (image?.crops[format]) cropper.open(format, offered(image, format));
  else if (film.shots.length) return openCrop(format, film.shots[0]);
  render();
}

const middle = (shot) => Math.round(((shot[1] + shot[2]) / 2) * 1e3) / 1e3;

function toggleCrop() {
  if (cropper.isOpen) closeCrop();
  else openCrop(firstForm().name);
}

function closeCrop() {
  const within = at("cropper").contains(document.activeElement);
  cropper.close();
  render();
  if (within) at("looking").focus(); // not a button, so that Enter approves
}

function cropped(format, choice) {
  const label = film.format(format).label;
  const before = draft.state.choices[format];
  draft.change((state) => {
    state.choices[format] = choice;
    state.rejected = state.rejected.filter((rank) => rank !== choice.rank);
  });
  if (before?.time_s === choice.time_s) note(t("crop.moved", { format: label }));
  else note(t("note.frame_picked", { time: clock(choice.time_s), formats: label }));
}

async function approve() {
  const missing = film.formats.filter((form) => !draft.state.choices[form.name]);
  if (missing.length) return note(t("note.missing", { formats: labels(missing) }));
  if (asksFirst()) return;
  await decide("approve", t("note.approved", { key: film.key }));
}

// Own crops whose files are far too small are asked about once; approving again is the answer. True when it was asked.
function asksFirst() {
  const own = film.formats.filter((form) => !isOffered(draft.state.choices[form.name], form.name));
  const small = own.map((form) => farTooSmall(draft.state.choices[form.name], form)).filter(Boolean);
  const about = JSON.stringify(small);
  if (!small.length || about === askedAbout) return false;
  askedAbout = about;
  banner("small", "trouble", t("confirm.small"), small.map((one) => t("confirm.small_file", one)).join(" "));
  return true;
}

async function decide(what, text) {
  if (leaving) return;
  leaving = true;
  document.body.classList.add("leaving");
  if (await draft.decide(what)) {
    if (what === "reopen") return location.reload();
    leaveNote(text, { href: `/review/${film.id}`, text: t("note.go_back") });
    location.assign(`/review/${film.id}/next`);
  } else {
    leaving = false;
    document.body.classList.remove("leaving");
  }
}

function rejectAll() {
  const dialog = at("confirm");
  dialog.returnValue = "";
  dialog.showModal();
}

function conflict(more) {
  const name = more.changed_by ?? t("conflict.somebody");
  banner("conflict", "error", t("conflict.changed", { name, when: moment(more.changed_s) }), "", [
    [t("conflict.theirs"), loadTheirs],
    [t("conflict.mine"), () => ((draft.version = more.version), draft.touched())],
  ]);
}

async function loadTheirs() {
  try {
    const { review } = await ask("GET", `/api/videos/${film.id}`);
    if ((review.state === "waiting") !== desk.waiting) return location.reload();
    draft.adopt(review);
    saved("");
    if (cropper?.isOpen) closeCrop();
    render();
  } catch (error) {
    problem(error, loadTheirs);
  }
}

async function open() {
  try {
    const review = await ask("POST", `/api/videos/${film.id}/open`);
    if (review.opened_by && review.opened_by !== film.me) {
      banner("open", "info", t("conflict.open", { name: review.opened_by, when: moment(review.opened_s) }), "");
    }
    if (review.version !== draft.version && !draft.dirty) draft.adopt(review), render();
  } catch (error) {
    problem(error, open);
  }
}

const CHANGES = {
  pick, reject, undo, crop: toggleCrop, approve, reject_all: rejectAll,
  frame_before: () => cropper.isOpen && cropper.step("previous"),
  frame_after: () => cropper.isOpen && cropper.step("next"),
  smaller: () => cropper.isOpen && cropper.resize(0.95),
  larger: () => cropper.isOpen && cropper.resize(1 / 0.95),
};
const LOOKS = {
  look: lookAt, before: () => lookAt(desk.look - 1), after: () => lookAt(desk.look + 1), scope: nextScope,
  compare: () => film.formats.length && compare.next(view()),
  help: () => (at("help").open ? at("help").close() : at("help").showModal()),
  reopen: () => decide("reopen", ""),
  close: () => (cropper?.isOpen ? closeCrop() : false),
};

function act(name, value) {
  if (LOOKS[name]) return LOOKS[name](value);
  if (!film.editing) return note(t("note.viewer"));
  if (!desk.waiting) return note(t("note.decided"));
  return CHANGES[name]();
}

// A click by mouse leaves the focus alone, so that Enter approves; by keyboard the button keeps it.
function clicked(event) {
  const button = event.target.closest("button");
  if (!button) return;
  if (event.detail > 0 && !button.closest("dialog")) button.blur();
  if (button.dataset.do) act(button.dataset.do);
  else if (button.dataset.scope) setScope(button.dataset.scope);
  else if (button.dataset.rank) lookAt(film.images.findIndex((image) => image.rank === Number(button.dataset.rank)));
  else if (button.dataset.crop === "done") closeCrop();
  else if (button.dataset.compare) (compare.mode = button.dataset.compare), compare.show(view());
  else if (button.closest("[data-slot]")) openSlot(button.closest("[data-slot]").dataset.slot);
}

function openSlot(format) {
  const { rank } = draft.state.choices[format];
  if (rank !== null) desk.look = film.images.findIndex((image) => image.rank === rank);
  openCrop(format);
}

function goToShot(shot) {
  if (!shot) return;
  const place = film.images.findIndex((image) => image.shot === shot[0]);
  if (place >= 0) desk.look = place;
  if (film.editing && desk.waiting) openCrop(firstForm().name, shot);
  else render();
}

// The desk takes what header and banners leave of the window.
function fitDesk() {
  at("desk").style.setProperty("--top", `${at("desk").offsetTop}px`);
}

function start() {
  const fitting = new ResizeObserver(fitDesk);
  for (const above of [document.querySelector("header.site"), at("banners")]) fitting.observe(above);
  showTimes();
  keepTrying();
  showLeftNote();
  document.addEventListener("click", clicked);
  document.addEventListener("dblclick", (event) => {
    const picture = event.target.closest(".stage [data-crop]");
    if (picture && film.editing && desk.waiting) openCrop(picture.dataset.crop);
  });
  listenToKeys(act);
  listenToTimeline(goToShot);
  at("keyson").checked = keysAreOn();
  at("keyson").addEventListener("change", (event) => switchKeys(event.target.checked));
  at("confirm").addEventListener("close", () => {
    if (at("confirm").returnValue === "reject") decide("reject", t("note.all_rejected", { key: film.key }));
  });
  addEventListener("pagehide", () => draft.dirty && !leaving && draft.save({ keepalive: true }));
  addEventListener("beforeunload", (event) => draft.dirty && !leaving && !draft.saving && event.preventDefault());
  listen({ review: toldOfReview, job: toldOfJob, trouble: showTrouble });
  render();
  if (film.editing && desk.waiting) open();
  document.documentElement.dataset.ready = "yes";
}

// Another editor, or another window, saved or decided this title.
function toldOfReview(event) {
  if (event.id !== film.id || leaving || draft.saving || !(event.version > draft.version)) return;
  if (draft.dirty || draft.history.length) {
    conflict({ changed_by: event.who, changed_s: Date.now() / 1000, version: event.version });
  } else {
    banner("open", "info", t("conflict.shown", { name: event.who ?? t("conflict.somebody") }), "");
    loadTheirs();
  }
}

start();
