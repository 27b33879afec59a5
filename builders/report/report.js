"use strict";
/* The browser of pairs. Text reaches the page as text nodes only; the policy of the page forbids anything else. */
(() => {
  const PAGE = 100;
  const ID = /^[0-9a-f]{32}/;
  const $ = (id) => document.getElementById(id);
  const data = JSON.parse($("data").textContent);
  const { names, rows } = data;
  const HIDDEN = new RegExp(`[${data.hidden}]`, "gu");
  const STAYS = 2; // outcomes before this one are splits, those after it reasons
  /* Of rows with one id the first: pairs that stay come before those dropped. */
  const byId = new Map(rows.filter((row) => row.id).reverse().map((row) => [row.id, row]));
  let found = rows;
  let listed = 0;
  let current = null;
  let home = null; // the last one shown that matches

  function element(kind, className, ...children) {
    const made = document.createElement(kind);
    if (className) made.className = className;
    made.append(...children.filter((child) => child !== null));
    return made;
  }

  function button(text, action, disabled = false) {
    const made = element("button", "", text);
    made.type = "button";
    made.disabled = disabled;
    made.addEventListener("click", action);
    return made;
  }

  /* The text, each hidden character as its number in a box. */
  function visible(target, text) {
    let done = 0;
    for (const { 0: char, index } of text.matchAll(HIDDEN)) {
      const code = char.codePointAt(0).toString(16).toUpperCase().padStart(4, "0");
      target.append(text.slice(done, index), element("span", "hidden", `U+${code}`));
      done = index + char.length;
    }
    target.append(text.slice(done));
    return target;
  }

  /* The text with all marked but the runs [place, length] that the other answer has too. */
  function marked(text, runs) {
    const box = element("div", "box");
    const chars = Array.from(text);
    let done = 0;
    const own = (end) => end > done && box.append(visible(document.createElement("mark"), chars.slice(done, end).join("")));
    for (const [place, length] of runs) {
      own(place);
      visible(box, chars.slice(place, place + length).join(""));
      done = place + length;
    }
    own(chars.length);
    return box;
  }

  function turns(side) {
    const box = element("div", "box");
    if (typeof side === "string") return visible(box, side);
    for (const [role, text] of side) {
      box.append(visible(element("span", "role"), role));
      box.append(visible(element("div", ""), text));
    }
    return box;
  }

  const plain = (side) => (typeof side === "string" ? side : (side || []).map((turn) => turn[1]).join("\n"));
  const number = (value) => value.toLocaleString("en-US");
  const folded = (text) => text.normalize("NFKC").toLowerCase();
  const sourceRow = (row) => (names.file[row.file] ? `${names.file[row.file]}:${row.row}` : row.row);

  function haystack(row) {
    row.hay ??= folded([plain(row.prompt), plain(row.chosen), plain(row.rejected), row.id, sourceRow(row), row.why].join("\n"));
    return row.hay;
  }

  function choose() {
    const words = folded($("search").value).split(/\s+/).filter(Boolean);
    const [source, outcome, tag] = ["source", "outcome", "tag"].map((id) => $(id).value);
    found = rows.filter(
      (row) =>
        (source === "" || row.source === Number(source)) &&
        (outcome === "" || (outcome === "stays" ? row.outcome < STAYS : outcome === "gone" ? row.outcome >= STAYS : row.outcome === Number(outcome))) &&
        (tag === "" || (row.tags || []).includes(Number(tag))) &&
        words.every((word) => haystack(row).includes(word)),
    );
    $("list").replaceChildren();
    listed = 0;
    list(PAGE);
    $("count").textContent = found.length === rows.length ? `${number(rows.length)} rows` : `${number(found.length)} of ${number(rows.length)} rows`;
    home = null;
    if (found.length) show(found.includes(current) ? current : found[0]);
    else $("pair").replaceChildren(element("p", "empty", "No row matches. Clear the search or a filter."));
  }

  function list(end) {
    for (; listed < Math.min(end, found.length); listed += 1) $("list").append(item(found[listed]));
    $("more").hidden = listed >= found.length;
  }

  function item(row) {
    const line = plain(row.prompt).slice(0, 140).replace(/\s+/g, " ");
    const outcome = row.outcome < STAYS ? null : element("span", "gone", ` · ${names.outcome[row.outcome].replace(/ \(.*$/, "")}`);
    const made = button("", () => show(row));
    made.className = "item";
    made.append(
      visible(element("span", "line"), line || "(no text)"),
      element("span", "meta", names.source[row.source], outcome),
    );
    return element("li", "", made);
  }

  function show(row, { focus = false } = {}) {
    current = row;
    const place = found.indexOf(row);
    if (place >= 0) home = row;
    if (place >= listed) list(place + PAGE);
    for (const old of $("list").querySelectorAll("[aria-current]")) old.removeAttribute("aria-current");
    const chosen = place < 0 ? null : $("list").children[place].firstChild;
    if (chosen) {
      chosen.setAttribute("aria-current", "true");
      const list = document.querySelector(".results");
      const [inner, outer] = [chosen.getBoundingClientRect(), list.getBoundingClientRect()];
      if (inner.top < outer.top) list.scrollTop -= outer.top - inner.top;
      if (inner.bottom > outer.bottom) list.scrollTop += inner.bottom - outer.bottom;
      if (focus) chosen.focus({ preventScroll: true });
    }
    $("pair").replaceChildren(bar(place), facts(row), ...texts(row));
    $("pair").scrollTop = 0;
    highlight();
  }

  function bar(place) {
    const at = place < 0 ? "not among the matching rows" : `${number(place + 1)} of ${number(found.length)}`;
    return element(
      "div", "bar",
      element("span", "at", at),
      place < 0 ? button("Back", () => show(home)) : null,
      button("Previous", () => step(-1), place === 0),
      button("Next", () => step(1), place >= 0 && place + 1 >= found.length),
    );
  }

  function facts(row) {
    const box = element("dl", "facts");
    box.lang = "en";
    const add = (name, ...value) => box.append(element("dt", "", name), element("dd", "", ...value));
    const stays = row.outcome < STAYS;
    add(stays ? "Split" : "Dropped", element("span", stays ? "badge" : "badge gone", names.outcome[row.outcome]));
    if (row.why) {
      const twin = byId.get((row.why.match(ID) || [])[0]);
      add("Evidence", visible(element("span", ""), row.why), twin && twin !== row ? button("Show that pair", () => show(twin)) : null);
    }
    add("Source", names.source[row.source]);
    add("Row", visible(element("span", ""), sourceRow(row)));
    if (row.id) {
      add("Id", row.id);
      box.lastChild.className = "mono";
    }
    if (row.score_chosen !== undefined || row.score_rejected !== undefined)
      add("Scores", `${row.score_chosen ?? "–"} chosen, ${row.score_rejected ?? "–"} rejected`);
    if (row.by_chosen !== undefined || row.by_rejected !== undefined)
      add("Written by", `${names.model[row.by_chosen] ?? "–"} (chosen), ${names.model[row.by_rejected] ?? "–"} (rejected)`);
    if (row.tags) add("Tags", ...row.tags.map((tag) => element("span", "tag", names.tag[tag])));
    return box;
  }

  function texts(row) {
    if (row.prompt === undefined && row.chosen === undefined && row.rejected === undefined)
      return [element("p", "empty", "This upstream row gave no pair.")];
    const runs = [[], []];
    for (let at = 0; at < (row.same || []).length; at += 3) {
      runs[0].push([row.same[at], row.same[at + 2]]);
      runs[1].push([row.same[at + 1], row.same[at + 2]]);
    }
    const marks = $("marks").checked && row.same && typeof row.chosen === "string" && typeof row.rejected === "string";
    const side = (place, name, title) => {
      const text = row[name] ?? "";
      const cut = row.cut ? row.cut[place] : 0;
      const length = Array.from(plain(text)).length + cut;
      return element(
        "div", `text ${name}`,
        element("h3", "", title, element("small", "", `${number(length)} character${length === 1 ? "" : "s"}`)),
        marks && place ? marked(text, runs[place - 1]) : turns(text),
        cut ? element("p", "remark", `${number(cut)} more characters, not shown here.`) : null,
      );
    };
    const answers = element("div", "sides", side(1, "chosen", "Chosen"), side(2, "rejected", "Rejected"));
    const remark = !row.same && plain(row.chosen) && plain(row.rejected) ? element("p", "remark", "The answers have no passage in common, so nothing is marked.") : null;
    return [side(0, "prompt", "Prompt"), answers, remark].filter(Boolean);
  }

  /* What is searched for, marked by the style sheet without touching the text. */
  function highlight() {
    if (!window.Highlight || !CSS.highlights) return;
    CSS.highlights.delete("hit");
    const words = $("search").value.toLowerCase().split(/\s+/).filter(Boolean);
    if (!words.length) return;
    const ranges = [];
    const walk = document.createTreeWalker($("pair"), NodeFilter.SHOW_TEXT);
    for (let node = walk.nextNode(); node; node = walk.nextNode()) {
      const text = node.data.toLowerCase();
      if (text.length !== node.data.length) continue;
      for (const word of words) {
        for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + word.length)) {
          const range = new Range();
          range.setStart(node, at);
          range.setEnd(node, at + word.length);
          ranges.push(range);
        }
      }
    }
    if (ranges.length) CSS.highlights.set("hit", new Highlight(...ranges));
  }

  function step(by) {
    const place = Math.max(0, Math.min(found.length - 1, found.indexOf(home) + by));
    if (found.length) show(found[place], { focus: !matchMedia("(max-width: 52rem)").matches });
  }

  function options(select, all, entries) {
    select.append(new Option(all, ""));
    for (const [label, value, count] of entries) select.append(new Option(count === undefined ? label : `${label} (${number(count)})`, value));
  }

  function fill() {
    const count = (test) => rows.reduce((sum, row) => sum + (test(row) ? 1 : 0), 0);
    const entries = (list, test) => list.map((name, place) => [name, place, count(test(place))]).filter((entry) => entry[2]);
    options($("source"), "all", entries(names.source, (place) => (row) => row.source === place));
    options($("tag"), "any or none", entries(names.tag, (place) => (row) => (row.tags || []).includes(place)));
    const outcomes = entries(names.outcome, (place) => (row) => row.outcome === place);
    outcomes.sort((one, other) => (one[1] >= STAYS) - (other[1] >= STAYS) || (one[1] < STAYS ? one[1] - other[1] : one[0] < other[0] ? -1 : 1));
    options($("outcome"), "all", [
      ["in the dataset", "stays", count((row) => row.outcome < STAYS)],
      ["dropped", "gone", count((row) => row.outcome >= STAYS)],
      ...outcomes,
    ]);
  }

  function seeReason(name) {
    $("filters").reset();
    $("outcome").value = String(names.outcome.indexOf(name));
    choose();
    $("browse").scrollIntoView();
    step(0);
  }

  function onKey(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const at = event.target;
    if (at === $("search") && event.key === "Escape") at.blur();
    if (at.matches("input, select, textarea")) return;
    const inList = at.closest("#list") !== null;
    const by = { j: 1, k: -1, ArrowDown: inList ? 1 : 0, ArrowUp: inList ? -1 : 0 }[event.key];
    if (event.key === "/") {
      $("browse").scrollIntoView();
      $("search").focus();
      $("search").select();
    } else if (by) {
      const box = $("browser").getBoundingClientRect();
      if (box.top > innerHeight - 100 || box.bottom < 100) $("browse").scrollIntoView();
      step(by);
    } else return;
    event.preventDefault();
  }

  fill();
  let waiting = 0;
  $("search").addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(choose, 120);
  });
  for (const id of ["source", "outcome", "tag"]) $(id).addEventListener("change", choose);
  $("marks").addEventListener("change", () => current && show(current));
  $("more").addEventListener("click", () => list(listed + PAGE));
  $("filters").addEventListener("submit", (event) => {
    event.preventDefault();
    clearTimeout(waiting);
    choose();
    step(0);
  });
  $("filters").addEventListener("reset", () => setTimeout(choose));
  for (const see of document.querySelectorAll(".see")) {
    see.hidden = !names.outcome.includes(see.dataset.outcome);
    see.addEventListener("click", () => seeReason(see.dataset.outcome));
  }
  document.addEventListener("keydown", onKey);
  $("filters").hidden = $("browser").hidden = false;
  choose();
})();
