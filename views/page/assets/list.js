// A list of any length of which only the rows in sight are in the document. It is a grid with one place for the focus: the keys
// move a cursor through the rows.

import { el, set } from "./dom.js";

const beyond = 6; // rows above and below what is in sight

let lists = 0;

// hide takes a row out of sight, until it shows another item.
function hide(row) {
  row.at = -1;
  row.node.hidden = true;
}

export class List {
  // role is grid or treegrid. head is the row of headings, or null. make returns a row {node, show(item, at)}, key what an item is known by.
  // open(item) follows Enter and clicks, and keydown(event, item) sees all other keys.
  constructor({ label, role = "grid", columns, head, make, key, open, keydown }) {
    this.id = `list${++lists}`;
    Object.assign(this, { make, key, open, keydown });
    this.items = [];
    this.pool = [];
    this.cursor = null; // key of the item that the cursor is on
    this.space = el("div", { class: "space", role: "presentation" });
    this.body = el("div", { class: "rows", role: "rowgroup" }, this.space);
    this.node = el("div", {
      class: "list", role, tabindex: "0", "aria-label": label, "aria-colcount": columns,
      keydown: (e) => this.pressed(e),
      focus: () => this.focused(),
    }, head ? el("div", { class: "head", role: "rowgroup" }, head) : null, this.body);
    this.heads = head ? 1 : 0;
    if (head) set(head, "aria-rowindex", 1);
    this.node.addEventListener("scroll", () => this.render(), { passive: true });
    this.body.addEventListener("click", (e) => this.clicked(e));
    this.sized = new ResizeObserver(() => this.measure());
    this.sized.observe(this.node);
  }

  close() {
    this.sized.disconnect();
  }

  // measure finds out how high a row is, as the style sheet says.
  measure() {
    this.height = parseFloat(getComputedStyle(this.node).getPropertyValue("--row")) || 28;
    this.top = this.node.querySelector(".head")?.offsetHeight ?? 0;
    this.room = this.node.clientHeight;
    this.update(this.items);
  }

  // update shows other items, or the same ones anew.
  update(items) {
    this.items = items;
    set(this.node, "aria-rowcount", items.length + this.heads);
    if (!this.height) return;
    const height = `${items.length * this.height}px`;
    if (this.space.style.height !== height) this.space.style.height = height;
    this.render(true);
  }

  // render lays the rows that are in sight. A row keeps its element as long as it is.
  render(anew) {
    if (!this.height || this.room === 0) return;
    const from = Math.max(0, Math.floor(this.node.scrollTop / this.height) - beyond);
    const to = Math.min(this.items.length, Math.ceil((this.node.scrollTop + this.room) / this.height) + beyond);
    const size = Math.ceil(this.room / this.height) + 2 * beyond + 2;
    if (this.pool.length < size) for (const row of this.pool) hide(row); // each place has another row from now on
    while (this.pool.length < size) {
      const row = this.make();
      row.node.id = `${this.id}-${this.pool.length}`;
      hide(row);
      this.space.append(row.node);
      this.pool.push(row);
    }
    for (const row of this.pool) if (row.at >= 0 && (row.at < from || row.at >= to)) hide(row);
    for (let at = from; at < to; at++) {
      const row = this.pool[at % this.pool.length];
      const item = this.items[at];
      const moved = row.at !== at;
      if (!moved && !anew) continue;
      if (moved) {
        row.at = at;
        row.node.style.transform = `translateY(${at * this.height}px)`;
        set(row.node, "aria-rowindex", at + 1 + this.heads);
        row.node.hidden = false;
      }
      row.item = item;
      row.show(item, at);
    }
    this.showCursor();
  }

  // refresh calls what for each row that is in sight.
  refresh(what) {
    for (const row of this.pool) if (row.at >= 0) what(row);
  }

  place() {
    return this.cursor === null ? -1 : this.items.findIndex((item) => this.key(item) === this.cursor);
  }

  showCursor() {
    let active = null;
    for (const row of this.pool) {
      const is = row.at >= 0 && this.key(row.item) === this.cursor;
      set(row.node, "data-cursor", is);
      set(row.node, "aria-selected", is ? "true" : "false");
      if (is) active = row.node.id;
    }
    set(this.node, "aria-activedescendant", active);
  }

  focused() {
    const at = this.place();
    if (at < 0) this.move(Math.ceil(this.node.scrollTop / (this.height || 28)));
    else if (this.node.matches(":focus-visible")) this.move(at); // else a mouse points at what is in sight
  }

  // follow shows other items. If the list has the focus, the row of the cursor stays in sight, unless somebody has scrolled away from
  // that; and if the row has gone, the cursor is on the one that has its place.
  follow(items) {
    const at = document.activeElement === this.node ? this.place() : -1;
    const over = at * this.height - this.node.scrollTop;
    this.update(items);
    if (at < 0 || over <= -this.height || over >= this.room - this.top) return;
    const now = this.place();
    this.move(now < 0 ? at : now);
  }

  // move puts the cursor on a row, and brings the row into sight.
  move(at) {
    if (this.items.length === 0) return;
    at = Math.max(0, Math.min(this.items.length - 1, at));
    this.cursor = this.key(this.items[at]);
    const y = at * this.height;
    if (y < this.node.scrollTop) this.node.scrollTop = y;
    const over = y + this.height + this.top - this.node.scrollTop - this.room;
    if (over > 0) this.node.scrollTop += over;
    this.render();
  }

  pressed(e) {
    if (e.target !== this.node || e.altKey || e.ctrlKey || e.metaKey) return;
    const at = this.place();
    const page = Math.max(1, Math.floor((this.room - this.top) / this.height) - 1);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, PageDown: at + page, PageUp: at - page, Home: 0, End: this.items.length - 1 }[e.key];
    if (to !== undefined) this.move(to);
    else if (at < 0) return;
    else if (e.key === "Enter" && this.open) this.open(this.items[at]);
    else if (!this.keydown?.(e, this.items[at], at)) return;
    e.preventDefault();
  }

  clicked(e) {
    const row = this.pool.find((r) => r.at >= 0 && r.node.contains(e.target));
    if (!row || e.target.closest("a, button") || String(getSelection())) return;
    this.cursor = this.key(row.item);
    this.showCursor();
    this.open?.(row.item);
  }
}
