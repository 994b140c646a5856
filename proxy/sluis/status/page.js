// Keeps the page up to date while somebody looks at it. Without this it shows the counts at the time it was loaded.
"use strict";

const EVERY = 2000; // milliseconds
const state = document.querySelector(".state");
const count = (number) => number.toLocaleString("en");

function texts(values) {
  for (const [name, text] of Object.entries(values)) {
    const place = document.querySelector(`[data-text=${name}]`);
    if (place && place.textContent !== text) place.textContent = text;
  }
}

// Rows keep their place in the document by name, so that a bar grows instead of being drawn anew.
function rows(list, wanted, blank, fill) {
  const present = new Map([...list.rows].map((row) => [row.cells[0].textContent, row]));
  list.replaceChildren(...wanted.map((each) => {
    const row = present.get(each.name) ?? blank.content.firstElementChild.cloneNode(true);
    row.cells[0].textContent = each.name;
    row.cells[1].textContent = count(each.count);
    fill(row.cells[2], each);
    return row;
  }));
}

function parts(list, wanted) {
  const bars = document.querySelectorAll(".whole rect");
  const counts = list.querySelectorAll("dd");
  let start = 0;
  wanted.forEach((each, index) => {
    bars[index].setAttribute("x", `${100 * start}%`);
    bars[index].setAttribute("width", `${100 * each.share}%`);
    counts[index].textContent = count(each.count);
    start += each.share;
  });
}

function show(page) {
  texts(page.text);
  state.dataset.ready = page.ready;
  parts(document.querySelector("[data-parts]"), page.verdicts);
  const bar = (cell, each) => cell.querySelector("rect").setAttribute("width", `${100 * each.share}%`);
  const when = (cell, each) => { cell.textContent = each.when; };
  for (const list of document.querySelectorAll("[data-rows]")) {
    const troubles = list.dataset.rows === "troubles";
    const blank = document.querySelector(`[data-row=${troubles ? "troubles" : "chart"}]`);
    rows(list, page[list.dataset.rows], blank, troubles ? when : bar);
  }
}

async function update() {
  if (!document.hidden) {
    try {
      const answer = await fetch("status.json", { cache: "no-store", signal: AbortSignal.timeout(5 * EVERY) });
      if (!answer.ok) throw new Error(answer.statusText);
      show(await answer.json());
    } catch {
      texts({ state: "No answer; these counts are old" });
      state.dataset.ready = false;
    }
  }
  setTimeout(update, EVERY);
}

setTimeout(update, EVERY);
document.addEventListener("visibilitychange", () => { if (!document.hidden) update(); });
