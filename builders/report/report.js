/* The browser of pairs: search, filters, the list and the keyboard. pair.js shows the pair that is chosen. */
(() => {
  const PAGE = 100;
  const ID = /^[0-9a-f]{32}/;
  const data = JSON.parse($("data").textContent);
  const { names, rows } = data;
  const { facts, texts, visible, plain, sourceRow } = pairView(data);
  /* Of rows with one id the first: pairs that stay come before those dropped. */
  const byId = new Map(rows.filter((row) => row.id).reverse().map((row) => [row.id, row]));
  let found = rows;
  let listed = 0;
  let current = null;
  let home = null; // the last one shown that matches

  const folded = (text) => text.normalize("NFKC").toLowerCase();

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
    const twin = byId.get(((row.why || "").match(ID) || [])[0]);
    const see = twin && twin !== row ? button("Show that pair", () => show(twin)) : null;
    $("pair").replaceChildren(bar(place), facts(row, see), ...texts(row, $("marks").checked));
    $("pair").scrollTop = 0;
    highlight($("pair"), $("search").value);
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
