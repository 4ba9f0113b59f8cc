// The list of types may hold hundreds: show the open one, and narrow the list while typing.
// Without this script the list is scrolled by hand and the search answers with a page.
"use strict";

(() => {
  const list = document.querySelector(".types");
  const search = document.querySelector("#find");
  if (!list || !search) {
    return;
  }
  const open = list.querySelector("[aria-current]");
  if (open) {
    list.scrollTop = open.offsetTop - list.offsetTop - list.clientHeight / 3;
  }
  const rows = [...list.children].map((row) => [row, row.querySelector(".strong").textContent]);
  search.addEventListener("input", () => {
    let found = 0;
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    for (const [row, name] of rows) {
      row.hidden = !words.every((word) => name.toLowerCase().includes(word));
      found += row.hidden ? 0 : 1;
    }
    document.querySelector("#none-found").hidden = found > 0;
  });
})();
