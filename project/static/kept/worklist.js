// The work list by keyboard, and small comforts. Everything here can be done without it, too.
(() => {
  "use strict";

  const SWITCH = "kept-keys";
  const NEXT = "kept-next";
  const list = document.querySelector("[data-list]");
  const help = document.getElementById("keys");
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const rows = () => (list ? all("[data-row]", list) : []);
  const current = () => document.activeElement && document.activeElement.closest("[data-row]");

  // A browser may refuse to store anything; then the keys are on.
  const stored = (storage, name) => {
    try { return storage.getItem(name); } catch { return null; }
  };
  const store = (storage, name, value) => {
    try { storage.setItem(name, value); } catch { /* not remembered */ }
  };
  const keysAreOn = () => stored(localStorage, SWITCH) !== "off";

  const go = (row) => {
    if (!row) return;
    row.focus({ preventScroll: true });
    row.scrollIntoView({ block: "nearest" });
  };
  const step = (by) => {
    const known = rows();
    const place = known.indexOf(current());
    go(known[place < 0 ? (by > 0 ? 0 : known.length - 1) : place + by]);
  };
  const press = (row, digit) => {
    const button = row && row.querySelector(`[data-outcome="${digit}"]`);
    if (!button || button.disabled) return false;
    const folded = button.closest("details:not([open])");
    if (folded && !button.matches("summary")) {
      // What needs more than a press is opened, and the person goes on there.
      folded.open = true;
      (folded.querySelector("input:not([type=hidden]), select, textarea") || button).focus();
    } else {
      button.click();
    }
    return true;
  };
  const open = () => {
    const link = document.activeElement.matches("[data-row]") && current().querySelector("a[href^='/appointments/']");
    if (link) link.click();
    return Boolean(link);
  };
  const tick = (row) => {
    const box = row && row.querySelector("[data-pick]");
    if (box) box.click();
    return Boolean(box);
  };
  const search = () => {
    const field = document.getElementById("q");
    if (field) field.focus();
    return Boolean(field);
  };
  const showHelp = () => {
    if (help && !help.open) help.showModal();
    return Boolean(help);
  };
  const ACTIONS = {
    j: () => (step(1), true),
    k: () => (step(-1), true),
    x: () => tick(current()),
    Enter: open,
    "/": search,
    "?": showHelp,
  };

  // Single keys act only while the focus is in the list and not in a field (WCAG 2.1.4).
  const FIELD = "input:not([type=checkbox]), select, textarea, [contenteditable]";
  const onKey = (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing || !keysAreOn()) return;
    if (event.target.closest(FIELD)) return;
    const act = /^[1-9]$/.test(event.key) ? () => press(current(), event.key) : ACTIONS[event.key];
    if (act && act()) event.preventDefault();
  };

  // After a press the page comes anew. Where the row has left, its successor gets the focus.
  const rememberPlace = (event) => {
    const row = event.target.closest("[data-row]");
    // Who is calling is shown in place.
    if (!row || event.target.closest(".calling")) return;
    const known = rows();
    const place = known.indexOf(row);
    const after = [...known.slice(place), ...known.slice(0, place).reverse()];
    store(sessionStorage, NEXT, after.slice(0, 50).map((one) => one.id).join(" "));
  };
  const returnToPlace = () => {
    const ids = stored(sessionStorage, NEXT);
    store(sessionStorage, NEXT, "");
    if (!ids || !location.hash) return;
    go(ids.split(" ").map((id) => document.getElementById(id)).find(Boolean));
  };

  const countTicks = () => {
    const boxes = all("[data-pick]");
    const ticked = boxes.filter((box) => box.checked).length;
    all("[data-picked]").forEach((place) => { place.textContent = ticked ? ` (${ticked})` : ""; });
    all("[data-pick-all] input").forEach((box) => {
      box.checked = ticked > 0 && ticked === boxes.length;
      box.indeterminate = ticked > 0 && ticked < boxes.length;
    });
  };
  const tickAll = (event) => {
    all("[data-pick]").forEach((box) => { box.checked = event.target.checked; });
    countTicks();
  };

  if (list) {
    list.addEventListener("keydown", onKey);
    list.addEventListener("submit", rememberPlace);
    list.addEventListener("change", countTicks);
    all("[data-pick-all]").forEach((label) => {
      label.hidden = false;
      label.querySelector("input").addEventListener("change", tickAll);
    });
    countTicks();
    returnToPlace();
  }
  if (help) {
    const on = help.querySelector("[data-keys-on]");
    on.checked = keysAreOn();
    on.addEventListener("change", () => store(localStorage, SWITCH, on.checked ? "on" : "off"));
    all("[data-keys-help]").forEach((button) => {
      button.hidden = false;
      button.addEventListener("click", showHelp);
    });
  }
  all("[data-print]").forEach((button) => {
    button.hidden = false;
    button.addEventListener("click", () => window.print());
  });

  // When the session has ended, the answer is the sign-in page: patients must leave the screen.
  document.addEventListener("htmx:beforeSwap", (event) => {
    const from = new URL(event.detail.xhr.responseURL || location.href, location.href);
    if (!from.pathname.startsWith("/accounts/")) return;
    event.detail.shouldSwap = false;
    location.reload();
  });
})();
