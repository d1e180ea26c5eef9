// The crop editor: the whole frame with the crop on it, the frames beside, and other frames of the same shot.
import { ask } from "./api.js";
import { around, fileSize, fitted, isFarTooSmall, largest, moved, same, scaled, stretched } from "./geometry.js";
import { film, frameUrl } from "./film.js";
import { note, problem } from "./notes.js";
import { clock, t } from "./texts.js";

const SHEET_WIDTH = 1280;
const STRIP_WIDTH = 160;
const STRIP_FRAMES = 12;
const STEP_PX = 4;
const FAR_PX = 40;
const TIGHTER = 0.95;

const at = (id) => document.getElementById(id);

export class Cropper {
  // chosen(format, choice): the crop or the frame was changed
  constructor(chosen) {
    this.chosen = chosen;
    this.turn = 0;
    this.beside = new Map();
    at("source").addEventListener("load", () => this.arrived());
    at("source").addEventListener("error", () => this.broken());
    at("rect").addEventListener("keydown", (event) => this.key(event));
    at("rect").addEventListener("pointerdown", (event) => this.drag(event));
    at("cropper").addEventListener("click", (event) => this.button(event));
  }

  get isOpen() {
    return !at("cropper").hidden;
  }

  // Where crops of the frame may lie.
  get active() {
    return film.activeAt(this.choice.time_s);
  }

  // Show a frame with a crop; the choice itself changes only when something is moved or picked.
  open(format, choice, shot) {
    this.form = film.format(format);
    this.shot = shot ?? film.shotAt(choice.time_s);
    this.choice = structuredClone(choice);
    at("cropname").textContent = t("crop.title", { format: this.form.label });
    at("cropper").hidden = false;
    this.show();
    this.fillStrip();
  }

  close() {
    at("cropper").hidden = true;
    this.turn += 1;
  }

  show() {
    const source = at("source");
    const url = frameUrl(this.choice.time_s, SHEET_WIDTH);
    if (source.getAttribute("src") !== url) {
      at("busy").hidden = false;
      source.src = url;
    }
    at("sheet").style.aspectRatio = `${film.display[0]} / ${film.display[1]}`;
    at("sheet").style.setProperty("--ratio", film.display[0] / film.display[1]);
    at("croptime").textContent = clock(this.choice.time_s);
    this.draw();
    for (const one of at("strip").children) one.setAttribute("aria-pressed", String(Number(one.dataset.time) === this.choice.time_s));
  }

  draw() {
    const [x, y, wide, tall] = this.choice.source_rect;
    const [width, height] = film.display;
    const place = { left: (100 * x) / width, top: (100 * y) / height, width: (100 * wide) / width, height: (100 * tall) / height };
    for (const id of ["rect", "shade"]) {
      for (const [name, share] of Object.entries(place)) at(id).style[name] = `${share}%`;
    }
    const [columns, rows] = fileSize(this.form, this.choice.source_rect);
    const [fullWidth, fullHeight] = this.form.size;
    const values = { width: columns, height: rows, full_width: fullWidth, full_height: fullHeight, limit: this.form.max_enlargement };
    at("cropsize").classList.toggle("toosmall", isFarTooSmall(this.form, this.choice.source_rect));
    at("cropsize").textContent = rows < fullHeight ? t("crop.small", values) : t("crop.size", values);
  }

  arrived() {
    at("busy").hidden = true;
    at("sheet").classList.remove("broken");
    if (this.isOpen) this.lookBeside(this.choice.time_s, true);
  }

  async broken() {
    at("busy").hidden = true;
    at("sheet").classList.add("broken");
    try {
      await ask("GET", at("source").getAttribute("src"));
    } catch (error) {
      problem(error.status === undefined ? { status: 0, title: t("error.picture"), detail: "" } : error);
    }
  }

  // The times of the frames before and after; their pictures are fetched ahead.
  async lookBeside(time, ahead) {
    if (!this.beside.has(time)) {
      this.beside.set(time, ask("GET", `/api/videos/${film.id}/frames?time_s=${time}`));
    }
    try {
      const found = await this.beside.get(time);
      for (const one of ahead ? [found.next, found.previous] : []) {
        if (one !== null) new Image().src = frameUrl(one, SHEET_WIDTH);
      }
      return found;
    } catch (error) {
      this.beside.delete(time);
      if (!ahead) problem(error);
      return null;
    }
  }

  async step(way) {
    const turn = ++this.turn;
    const found = await this.lookBeside(this.choice.time_s, false);
    if (turn === this.turn && found && found[way] !== null) this.take(found[way]);
  }

  // Choose another frame with the crop as it is; where the next shot has other bars, as near as they let it be.
  take(time) {
    this.choice.time_s = time;
    this.choice.source_rect = fitted(this.form, this.active, this.choice.source_rect);
    const image = film.images.find((one) => Math.abs(one.time - time) < 1e-4);
    this.choice.rank = image ? image.rank : null;
    this.show();
    this.tell();
  }

  set(rect) {
    if (same(rect, this.choice.source_rect)) return;
    this.choice.source_rect = rect;
    this.draw();
    this.tell();
  }

  tell() {
    this.chosen(this.form.name, structuredClone(this.choice));
  }

  resize(factor) {
    this.set(scaled(this.form, this.active, this.choice.source_rect, factor));
  }

  // Keyart's own crop of this frame, or of the picture of the same shot, or the largest one.
  reset() {
    const image = film.image(this.choice.rank) ?? film.images.find((one) => one.shot === this.shot?.[0]);
    this.set(image?.crops[this.form.name]?.rect ?? widest(this.form, this.choice.time_s));
    note(t("crop.moved", { format: this.form.label }));
  }

  button(event) {
    const what = event.target.closest("[data-crop]")?.dataset.crop;
    if (what === "before") this.step("previous");
    if (what === "after") this.step("next");
    if (what === "smaller") this.resize(TIGHTER);
    if (what === "larger") this.resize(1 / TIGHTER);
    if (what === "reset") this.reset();
    if (what === "use") this.tell();
  }

  key(event) {
    const steps = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.code];
    if (!steps || event.ctrlKey || event.altKey || event.metaKey) return;
    const far = event.shiftKey ? FAR_PX : STEP_PX;
    this.set(moved(this.active, this.choice.source_rect, steps[0] * far, steps[1] * far));
    event.preventDefault();
  }

  drag(event) {
    if (event.button !== 0) return;
    const corner = event.target.dataset.corner;
    const [start, rect] = [this.point(event), this.choice.source_rect];
    const frame = at("rect");
    frame.setPointerCapture(event.pointerId);
    const move = (now) => {
      const [x, y] = this.point(now);
      const next = corner
        ? stretched(this.form, this.active, rect, corner, x, y)
        : moved(this.active, rect, x - start[0], y - start[1]);
      this.choice.source_rect = next;
      this.draw();
    };
    const end = () => {
      frame.removeEventListener("pointermove", move);
      if (!same(rect, this.choice.source_rect)) this.tell();
    };
    frame.addEventListener("pointermove", move);
    frame.addEventListener("lostpointercapture", end, { once: true });
  }

  // Where a pointer is, in pixels of the displayed frame.
  point(event) {
    const box = at("sheet").getBoundingClientRect();
    const [width, height] = film.display;
    return [((event.clientX - box.left) * width) / box.width, ((event.clientY - box.top) * height) / box.height];
  }

  async fillStrip() {
    const [turn, strip] = [++this.turn, at("strip")];
    const key = String(this.shot?.[0]);
    if (!this.shot || strip.dataset.shot === key) return this.show();
    strip.replaceChildren();
    strip.dataset.shot = key;
    try {
      const found = await ask("GET", `/api/videos/${film.id}/shots/${key}/frames?count=${STRIP_FRAMES}`);
      if (strip.dataset.shot !== key) return;
      strip.replaceChildren(...found.times.map((time) => this.stripFrame(time)));
      if (turn === this.turn) this.show();
    } catch (error) {
      strip.dataset.shot = "";
      problem(error);
    }
  }

  stripFrame(time) {
    const button = document.createElement("button");
    button.type = "button";
    button.dataset.time = time;
    const picture = new Image();
    picture.src = frameUrl(time, STRIP_WIDTH);
    picture.alt = t("crop.strip_frame", { time: clock(time) });
    picture.loading = "lazy";
    picture.style.aspectRatio = `${film.display[0]} / ${film.display[1]}`;
    button.append(picture);
    button.addEventListener("click", () => this.take(time));
    return button;
  }
}

// The largest crop of a frame, in the middle.
export function widest(form, time) {
  const active = film.activeAt(time);
  const [x, y, width, height] = active;
  return around(form, active, x + width / 2, y + height / 2, largest(form, active)[1]);
}
