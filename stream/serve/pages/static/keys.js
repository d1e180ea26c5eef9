// Keys as in culling tools. They go by their place on the keyboard (event.code): with a Korean input method on,
// event.key is "Process" or a letter of Hangul. Held keys act once, except those that look around.
const PLAIN = {
  ArrowLeft: "before", ArrowRight: "after", KeyF: "scope", KeyP: "pick", KeyX: "reject", KeyU: "undo", KeyC: "compare",
  KeyE: "crop", KeyR: "reject_all", Enter: "approve", NumpadEnter: "approve", Escape: "close",
  BracketLeft: "frame_before", BracketRight: "frame_after", Equal: "smaller", Minus: "larger",
  NumpadAdd: "smaller", NumpadSubtract: "larger",
};
const REPEATED = new Set(["before", "after", "frame_before", "frame_after", "smaller", "larger"]);
const IN_COMPARE = new Set(["before", "after", "look", "scope", "pick", "compare", "undo"]);
const OFF = "keyart-keys-off";

export function keysAreOn() {
  return localStorage.getItem(OFF) === null;
}

export function switchKeys(on) {
  if (on) localStorage.removeItem(OFF);
  else localStorage.setItem(OFF, "1");
}

// [action, value] of a key; null for none.
export function actionOf(event) {
  if (event.code === "Slash" && event.shiftKey && !event.ctrlKey && !event.altKey && !event.metaKey) return ["help"];
  if (event.ctrlKey || event.altKey || event.metaKey || event.shiftKey) return null;
  const digit = /^(?:Digit|Numpad)(\d)$/.exec(event.code);
  if (digit) return ["look", (Number(digit[1]) + 9) % 10];
  return PLAIN[event.code] ? [PLAIN[event.code]] : null;
}

// Text is typed into it, or the key has a meaning of its own there.
function isBusy(target, code) {
  if (!(target instanceof Element)) return false;
  if (target.closest("input:not([type=checkbox]), textarea, select, [contenteditable]")) return true;
  const own = code === "Enter" || code === "NumpadEnter";
  return own && target.closest("a, button, summary, [data-enter]") !== null;
}

export function listenToKeys(act) {
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || isBusy(event.target, event.code)) return;
    const found = actionOf(event);
    if (!found || !(keysAreOn() || found[0] === "close")) return;
    const [action, value] = found;
    if (event.repeat && !REPEATED.has(action)) return;
    const dialog = document.querySelector("dialog[open]");
    if (dialog) {
      const closesHelp = dialog.id === "help" && action === "help";
      if (!closesHelp && !(dialog.id === "compare" && IN_COMPARE.has(action))) return; // Escape is the dialog's own
    }
    if (act(action, value) !== false) event.preventDefault();
  });
}
