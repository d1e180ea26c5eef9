// The buttons that ask for a title's result again.
import { ask } from "./api.js";
import { listen, showTrouble } from "./live.js";
import { banner, note, problem } from "./notes.js";
import { t } from "./texts.js";

const TOLD = { queued: "note.again_queued", running: "note.again_running", done: "note.again_known" };
let asked = null;

async function makeAgain(button) {
  button.disabled = true;
  try {
    const { id, state } = await ask("POST", "/api/jobs", { path: button.dataset.again });
    asked = id;
    note(t(TOLD[state] ?? "note.again_queued"));
  } catch (error) {
    problem(error, () => makeAgain(button));
  }
  button.disabled = false;
}

export function toldOfJob({ id, state }) {
  if (id !== asked || state !== "done") return;
  banner("again", "info", t("note.again_done"), "", [[t("note.again_load"), () => location.reload()]]);
}

for (const button of document.querySelectorAll("[data-again]")) button.addEventListener("click", () => makeAgain(button));
if (!document.getElementById("data")) listen({ job: toldOfJob, trouble: showTrouble }); // else the title's script does
