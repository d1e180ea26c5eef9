// What the editor chose so far: changes, undo, saving. A change is never lost: what could not be saved stays here.
import { ask } from "./api.js";
import { film } from "./film.js";

const SAVE_AFTER_MS = 400;
const MOST_UNDO = 200;

export class Draft {
  // told: {changed(), saved(), failed(error), conflict(more)}
  constructor(id, review, told) {
    Object.assign(this, { url: `/api/videos/${id}`, told, history: [] });
    this.adopt(review);
  }

  // Take over what the service has; what is not saved here is given up.
  adopt(review) {
    // The record of a title that waits is about what it was before: its choice is none for now.
    const kept = review.draft ?? (review.state === "waiting" ? null : fromRecord(review.record));
    this.state = ofThisResult(kept ?? { choices: {}, rejected: [] });
    this.version = review.version;
    this.dirty = false;
  }

  change(edit) {
    const before = structuredClone(this.state);
    edit(this.state);
    if (JSON.stringify(before) === JSON.stringify(this.state)) return;
    this.history.push(before);
    if (this.history.length > MOST_UNDO) this.history.shift();
    this.touched();
  }

  undo() {
    if (!this.history.length) return false;
    this.state = this.history.pop();
    this.touched();
    return true;
  }

  touched() {
    this.dirty = true;
    this.told.changed();
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.save(), SAVE_AFTER_MS);
  }

  // Save now; one at a time. True when everything is saved.
  async save(options = {}) {
    clearTimeout(this.timer);
    if (this.saving) await this.saving;
    if (!this.dirty) return true;
    this.saving = this.put(options);
    const done = await this.saving;
    this.saving = null;
    return done && (this.dirty ? this.save() : true);
  }

  async put(options) {
    this.dirty = false;
    try {
      const review = await ask("PUT", `${this.url}/draft`, { version: this.version, draft: this.state }, options);
      this.version = review.version;
      this.told.saved();
      return true;
    } catch (error) {
      this.dirty = true;
      this.fail(error);
      return false;
    }
  }

  // approve, reject or reopen; the answer, or null when it failed.
  async decide(what) {
    clearTimeout(this.timer);
    if (this.saving) await this.saving;
    const body = { version: this.version };
    if (what === "approve") Object.assign(body, { choices: this.state.choices, rejected: this.state.rejected });
    try {
      const review = await ask("POST", `${this.url}/${what}`, body);
      this.version = review.version;
      this.dirty = false;
      return review;
    } catch (error) {
      this.fail(error);
      return null;
    }
  }

  fail(error) {
    if (error.status === 409 && error.more.version !== undefined) this.told.conflict(error.more);
    else this.told.failed(error);
  }
}

// The choices without those that mean pictures which this result does not have; the film's result was made anew then.
function ofThisResult(draft) {
  const isHere = ({ rank, time_s }) => (rank === null ? isWithin(time_s) : Math.abs(film.image(rank)?.time - time_s) < 1e-4);
  const entries = Object.entries(draft.choices);
  const choices = structuredClone(Object.fromEntries(entries.filter(([, choice]) => isHere(choice))));
  const isWhole = Object.keys(choices).length === entries.length;
  return { choices, rejected: isWhole ? draft.rejected.filter((rank) => film.image(rank)) : [] };
}

const isWithin = (time) => film.shots.some(([, start, end]) => time >= start - 1e-6 && time < end);

function fromRecord(record) {
  if (!record) return null;
  const choices = {};
  for (const one of record.images) choices[one.format] = { rank: one.rank, time_s: one.time_s, source_rect: one.source_rect };
  return { choices, rejected: record.rejected };
}
