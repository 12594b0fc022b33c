/* A press on the head of a column puts the rows in its order, the largest figure first; another press turns them round. */
"use strict";
for (const table of document.querySelectorAll("table")) {
  if (!table.tHead || table.tBodies[0].rows.length < 2) continue;
  [...table.tHead.rows[0].cells].forEach((head, column) => {
    const figures = head.classList.contains("number");
    const text = row => row.cells[column].textContent.trim();
    const figure = row => { const found = parseFloat(text(row).replace(/[^0-9.]/g, "")); return Number.isNaN(found) ? -1 : found; };
    const ascending = figures ? (one, other) => figure(one) - figure(other) : (one, other) => text(one).localeCompare(text(other));
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const up = head.ariaSort ? head.ariaSort === "descending" : !figures;
      for (const each of head.parentElement.cells) each.removeAttribute("aria-sort");
      head.ariaSort = up ? "ascending" : "descending";
      table.tBodies[0].append(...[...table.tBodies[0].rows].sort((one, other) => (up ? 1 : -1) * ascending(one, other)));
    });
  });
}
