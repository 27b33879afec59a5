"use strict";
/* A row of the browser as the page shows it. Text reaches the page as text nodes only; the policy of the page forbids anything else. */
const STAYS = 2; // outcomes before this one are splits, those after it reasons
const $ = (id) => document.getElementById(id);
const number = (value) => value.toLocaleString("en-US");

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

/* What is searched for, marked by the style sheet without touching the text. */
function highlight(target, sought) {
  if (!window.Highlight || !CSS.highlights) return;
  CSS.highlights.delete("hit");
  const words = sought.toLowerCase().split(/\s+/).filter(Boolean);
  if (!words.length) return;
  const ranges = [];
  const walk = document.createTreeWalker(target, NodeFilter.SHOW_TEXT);
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

function pairView({ names, hidden }) {
  const HIDDEN = new RegExp(`[${hidden}]`, "gu");

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
  const sourceRow = (row) => (names.file[row.file] ? `${names.file[row.file]}:${row.row}` : row.row);

  /* What is known of the row; `see` is the button behind its evidence. */
  function facts(row, see) {
    const box = element("dl", "facts");
    box.lang = "en";
    const add = (name, ...value) => box.append(element("dt", "", name), element("dd", "", ...value));
    const stays = row.outcome < STAYS;
    add(stays ? "Split" : "Dropped", element("span", stays ? "badge" : "badge gone", names.outcome[row.outcome]));
    if (row.why) add("Evidence", visible(element("span", ""), row.why), see);
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

  /* Prompt and answers; `withMarks` marks what only one answer has. */
  function texts(row, withMarks) {
    if (row.prompt === undefined && row.chosen === undefined && row.rejected === undefined)
      return [element("p", "empty", "This upstream row gave no pair.")];
    const runs = [[], []];
    for (let at = 0; at < (row.same || []).length; at += 3) {
      runs[0].push([row.same[at], row.same[at + 2]]);
      runs[1].push([row.same[at + 1], row.same[at + 2]]);
    }
    const marks = withMarks && row.same && typeof row.chosen === "string" && typeof row.rejected === "string";
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

  return { facts, texts, visible, plain, sourceRow };
}

