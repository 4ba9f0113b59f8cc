// The rows of the work list: whoever dials or begins to write down an outcome is shown to the
// others as calling, and the seconds in which it can be taken back are counted. Without this
// script the same buttons work by loading the page.
(() => {
  const AGAIN_AFTER = 60000;
  const claimed = new Map();

  const send = async (form) => {
    const answer = await fetch(form.action, {
      method: "POST",
      body: new FormData(form),
      headers: { "X-Requested-With": "fetch" },
      credentials: "same-origin",
      keepalive: true,
    });
    return answer.ok && !answer.redirected ? answer.text() : null;
  };

  const show = async (place, form) => {
    const hadFocus = place.contains(document.activeElement);
    const piece = await send(form).catch(() => null);
    if (piece === null) return form.submit();
    place.innerHTML = piece;
    if (hadFocus) place.querySelector("button")?.focus();
  };

  // Only a visit that nobody has is taken without being asked.
  const claim = async (row) => {
    const place = row?.querySelector(".calling");
    const form = place?.querySelector('form[action$="/claim/"]');
    if (!form || form.elements.take_over) return;
    if (Date.now() - (claimed.get(row.id) || 0) < AGAIN_AFTER) return;
    claimed.set(row.id, Date.now());
    const piece = await send(form).catch(() => null);
    if (piece !== null) place.innerHTML = piece;
  };

  document.addEventListener("click", (event) => {
    const link = event.target.closest('a[href^="tel:"], a[href^="sms:"]');
    if (link) claim(link.closest('tr[id^="visit-"]'));
  });
  document.addEventListener("input", (event) => {
    if (event.target.closest("form.outcomes")) claim(event.target.closest("tr"));
  });
  document.addEventListener("toggle", (event) => {
    const inside = event.target.closest("form.outcomes");
    if (inside && event.target.open) claim(inside.closest("tr"));
  }, true);
  document.addEventListener("submit", (event) => {
    const place = event.target.closest(".calling");
    if (!place) return;
    event.preventDefault();
    show(place, event.target);
  });

  const bar = document.querySelector("[data-undo]");
  if (!bar) return;
  // Each outcome has seconds of its own; all of them go back together only until the first is sent.
  const after = (seconds) => performance.now() + Number(seconds) * 1000;
  const ends = [...bar.querySelectorAll("[data-undo-row]")].map((row) => [row.querySelector("button"), after(row.dataset.undoRow)]);
  const all = bar.querySelector("[data-undo-all]");
  if (all) ends.push([all, after(bar.dataset.undo)]);
  const remove = (button) => {
    if (button === document.activeElement) document.getElementById("main").focus();
    button.remove();
  };
  const tick = setInterval(() => {
    const now = performance.now();
    ends.filter(([, end]) => end <= now).forEach(([button]) => remove(button));
    const open = ends.map(([, end]) => end).filter((end) => end > now);
    if (open.length) {
      bar.querySelector("[data-undo-left]").textContent = Math.ceil((Math.min(...open) - now) / 1000);
      return;
    }
    clearInterval(tick);
    bar.querySelector("[data-undo-hint]").textContent = "On its way to the chart.";
  }, 250);
})();
