"use strict";
// The page is whole without this script; it adds sorting, searching and the menu of narrow screens.
(() => {
  document.documentElement.classList.add("scripted");

  // What the script says, in the language of the page.
  const texts = JSON.parse(document.getElementById("main").dataset.texts);
  const say = (text, places = {}) =>
    texts[text].replace(/\{(\w+)\}/g, (_, name) => String(places[name]));

  /** Value of a cell to sort by; null (sorted last) where there is none. */
  function valueOf(row, place, kind) {
    const cell = row.cells[place];
    if (cell.classList.contains("none")) return null;
    const text = cell.textContent;
    if (kind !== "number") return text;
    const number = Number(text);
    return Number.isNaN(number) ? null : number;
  }

  /** Order of two values; dates are ISO 8601, whose order is that of their text. */
  function compare(one, other, kind) {
    if (kind === "text") {
      return one.localeCompare(other, document.documentElement.lang, { numeric: true, sensitivity: "base" });
    }
    return one < other ? -1 : Number(one > other);
  }

  function sort(table, head) {
    const down = head.getAttribute("aria-sort") === "ascending";
    const place = head.cellIndex;
    const kind = head.dataset.kind;
    const body = table.tBodies[0];
    const keyed = Array.from(body.rows, (row) => [valueOf(row, place, kind), row]);
    keyed.sort(([one], [other]) => {
      if (one === null || other === null) return Number(one === null) - Number(other === null);
      return compare(one, other, kind) * (down ? -1 : 1);
    });
    body.append(...keyed.map(([, row]) => row));
    for (const other of table.querySelectorAll("[aria-sort]")) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
  }

  function listing(section) {
    const table = section.querySelector("table.records");
    if (!table) return;
    const search = section.querySelector("input[type=search]");
    const count = section.querySelector("[role=status]");
    const rows = Array.from(table.tBodies[0].rows);
    let texts;

    function tell() {
      const shown = rows.filter((row) => !row.hidden).length;
      const counted = rows.length === 1 ? "one" : "all";
      const text = say(shown === rows.length ? counted : `some of ${counted}`,
        { shown, n: rows.length });
      const head = table.querySelector("[aria-sort]");
      count.textContent = head ? say(head.getAttribute("aria-sort"),
        { rows: text, column: head.querySelector("button").textContent }) : text;
    }
    search.addEventListener("input", () => {
      // Not before it is asked for: a study of many subjects has a quarter of a million cells.
      texts ??= rows.map((row) =>
        Array.from(row.cells, (cell) => cell.textContent).join(" ").toLowerCase());
      const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
      rows.forEach((row, i) => { row.hidden = !words.every((word) => texts[i].includes(word)); });
      tell();
    });
    for (const button of table.querySelectorAll("thead button")) {
      button.addEventListener("click", () => {
        sort(table, button.closest("th"));
        tell();
      });
    }
  }

  function menu() {
    const button = document.querySelector(".contents > button");
    const show = (open) => button.setAttribute("aria-expanded", String(open));
    const open = () => button.getAttribute("aria-expanded") === "true";
    button.addEventListener("click", () => show(!open()));
    document.getElementById("contents").addEventListener("click", (event) => {
      if (event.target.closest("a")) show(false);
    });
    document.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || !open()) return;
      show(false);
      button.focus();
    });
  }

  /** Marks in the contents what is read. */
  function follow() {
    const links = new Map();
    for (const link of document.querySelectorAll("#contents a")) {
      links.set(document.querySelector(link.getAttribute("href")), link);
    }
    const seen = new Set();
    const watch = new IntersectionObserver((entries) => {
      for (const { target, isIntersecting } of entries) {
        if (isIntersecting) seen.add(target); else seen.delete(target);
      }
      const last = Array.from(links.keys()).filter((target) => seen.has(target)).pop();
      for (const [target, link] of links) {
        if (target === last) link.setAttribute("aria-current", "true");
        else link.removeAttribute("aria-current");
      }
    }, { rootMargin: "0px 0px -70% 0px" });
    for (const target of links.keys()) watch.observe(target);
  }

  /** Shows what a link leads to, also where it is folded. */
  function unfold() {
    const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!target) return;
    let folded = false;
    for (let at = target; at; at = at.parentElement) {
      if (at instanceof HTMLDetailsElement && !at.open) folded = at.open = true;
    }
    if (folded) target.scrollIntoView();
  }

  /** Buttons that fold and unfold all outputs, and as they were. */
  function folding() {
    const all = Array.from(document.querySelectorAll("main details.output, main details.drawing"));
    const first = all.map((one) => one.open);
    const bar = document.createElement("p");
    bar.className = "folding";
    const button = (text, open) => {
      const made = document.createElement("button");
      made.type = "button";
      made.textContent = text;
      made.addEventListener("click", () => all.forEach((one, i) => { one.open = open(i); }));
      bar.append(made);
    };
    button(say("fold"), () => false);
    button(say("unfold"), () => true);
    button(say("main"), (i) => first[i]);
    document.querySelector("#summary").append(bar);
  }

  document.querySelectorAll(".listing").forEach(listing);
  folding();
  addEventListener("hashchange", unfold);
  document.getElementById("contents").addEventListener("click", (event) => {
    // The hash does not change where the same place is gone to again.
    if (event.target.closest("a")) setTimeout(unfold);
  });
  unfold();
  menu();
  follow();
})();
