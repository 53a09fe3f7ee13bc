// A list of lines that come in: the newest stand at the end, and the list follows them while its end is in sight.

import { List } from "./list.js";

export class Lines {
  // most is how many lines are kept; the others are as List has them.
  constructor(most, options) {
    this.most = most;
    this.count = 0;
    this.came = [];
    this.list = new List({ ...options, key: (line) => line.number });
    this.node = this.list.node;
  }

  // add adds a line. It is shown soon, with those that come meanwhile.
  add(line) {
    line.number = ++this.count;
    this.came.push(line);
    if (this.came.length > 2 * this.most) this.came.splice(0, this.most);
    this.timer ||= setTimeout(() => this.show(), 150);
  }

  show() {
    clearTimeout(this.timer);
    this.timer = 0;
    const { node } = this.list;
    const atEnd = node.scrollHeight - node.scrollTop - node.clientHeight < 40;
    const all = [...this.list.items, ...this.came];
    this.came = [];
    const dropped = Math.max(0, all.length - this.most);
    this.list.update(dropped ? all.slice(dropped) : all);
    if (atEnd) node.scrollTop = node.scrollHeight;
    else if (dropped) node.scrollTop -= dropped * this.list.height; // what is read stays where it is
  }

  // replace has other lines instead.
  replace(lines) {
    this.came = [];
    this.list.items = [];
    this.list.update([]);
    for (const line of lines) this.add(line);
    this.show();
  }

  shown() {
    this.list.measure();
    this.show();
    this.node.scrollTop = this.node.scrollHeight;
  }

  close() {
    clearTimeout(this.timer);
    this.list.close();
  }
}
