// The gateway's API, which is all that this page knows of the gateway.

const home = location.origin + location.pathname; // without a user and a password that stand in the address: no request may have them there
const root = new URL("api/v1/", home);

// Problem is an answer other than a success. It may have more than a text: the faults of a configuration.
export class Problem extends Error {
  constructor(text, status, details = {}) {
    super(text);
    this.status = status;
    this.details = details;
  }
}

// path joins the parts of a path, of which each is one level, whatever is in it.
export const path = (...parts) => parts.map(encodeURIComponent).join("/");

// get returns what the gateway answers: a value, or text if the answer is no JSON. patience is in ms.
export const get = (path, query, patience) => ask(path, query, { headers: { Accept: "application/json, text/plain, application/yaml" } }, patience);

// post sends a value. The header is one that a foreign page can't send.
export function post(path, body, patience) {
  return ask(path, {}, {
    method: "POST",
    headers: { "Mqttgateway-Request": "1", "Content-Type": "application/json" },
    body: JSON.stringify(body ?? {}),
  }, patience);
}

// signedOut tells, by an event "signedout", that the gateway wants credentials which the browser doesn't have any more.
export const signedOut = new EventTarget();

// Another page may have signed out, though what has begun goes on. The gateway knows.
const exits = new BroadcastChannel("mqttgateway exits");
exits.onmessage = () => get("session").catch(() => {});

// signOut ends the session of the browser.
export async function signOut() {
  await fetch(home, { method: "POST", body: new URLSearchParams({ sign_out: "1" }), redirect: "manual" });
  exits.postMessage("");
}

async function ask(path, query, options, patience = 30e3) {
  const url = new URL(path, root);
  for (const [name, value] of Object.entries(query ?? {})) url.searchParams.set(name, value);
  let answer;
  try {
    answer = await fetch(url, { ...options, cache: "no-store", signal: AbortSignal.timeout(patience) });
  } catch {
    throw new Problem("no answer from the gateway", 0);
  }
  const text = await answer.text();
  const json = /[/+]json\b/.test(answer.headers.get("Content-Type") ?? "");
  let value = text;
  if (json && text !== "") {
    try {
      value = JSON.parse(text);
    } catch {
      throw new Problem("the gateway's answer is no JSON", answer.status);
    }
  }
  if (answer.status === 401) signedOut.dispatchEvent(new Event("signedout"));
  if (!answer.ok) throw new Problem(problemText(value, answer), answer.status, json ? value : {});
  return value;
}

function problemText(value, answer) {
  if (answer.status === 404 && !value?.detail) return "this gateway can't tell: its API has no such thing";
  return value?.detail || value?.title || (typeof value === "string" && value.trim()) || `${answer.status} ${answer.statusText}`;
}

const silence = 20e3; // ms after which a connection is dead: something comes every 15 s
const beginning = 120e3; // ms that the first event may take, which may be large, on a slow way
const again = 1500; // ms until another attempt
const rest = 60e3; // ms for which a page is out of sight until it listens no more
const soon = 1e3; // ms until it does so if another page has got out of sight since

const pages = new BroadcastChannel("mqttgateway"); // all of this server
let other = 0; // when another page got out of sight
let hid = 0; // when this page did: no two have the same time, whatever their clocks say

function hide() {
  if (!document.hidden) return;
  hid = Math.max(Date.now(), other + 1) + Math.random();
  pages.postMessage(hid);
}
document.addEventListener("visibilitychange", hide);
pages.addEventListener("message", (e) => { other = Math.max(other, e.data); });
hide();

// Events are the gateway's events of some kinds. The browser connects again when a connection is lost, and says what it has heard
// last; if the gateway doesn't know any more what came since then, it begins anew with a snapshot. on(name, data) gets each event,
// lost(why, since) and found() tell of the connection, found with every event. A browser has few connections for all pages of one
// server: a page that is out of sight for long, or longer than another, gives its own back, and begins anew when somebody looks at it
// again. resumed() tells of a connection that doesn't go on after what was heard last: what came meanwhile is missing.
export class Events {
  constructor(query, names, functions) {
    Object.assign(this, { query, names, lost() {}, found() {}, resumed() {}, ...functions });
    this.ended = new AbortController();
    const listen = (target, name, f) => target.addEventListener(name, f, { signal: this.ended.signal });
    listen(window, "pagehide", () => this.stop()); // a page that is kept for the way back would keep its connection, too
    listen(window, "pageshow", (e) => e.persisted && this.open());
    listen(document, "visibilitychange", () => this.seen(!document.hidden));
    listen(pages, "message", (e) => document.hidden && e.data > hid && this.seen(false, soon));
    listen(signedOut, "signedout", () => this.close());
    this.watch = setInterval(() => this.check(), 2e3);
    this.heard = Date.now();
    this.open();
    if (document.hidden) this.seen(false);
  }

  open() {
    this.stop();
    const url = new URL("events", root);
    for (const [name, value] of Object.entries(this.query)) url.searchParams.set(name, value);
    const source = new EventSource(url);
    this.source = source;
    this.until = Date.now() + silence;
    let marked = false; // the browser can say what it has heard last
    source.onopen = () => {
      this.alive();
      this.until = Date.now() + beginning;
      if (this.begun && !marked) this.resumed();
      this.begun = true;
    };
    source.onerror = () => {
      if (source.readyState === EventSource.CLOSED) this.refused();
      else this.missing();
    };
    source.addEventListener("here", () => this.alive());
    for (const name of this.names) {
      source.addEventListener(name, (e) => {
        this.alive();
        marked = e.lastEventId !== "";
        this.on(name, JSON.parse(e.data));
      });
    }
  }

  stop() {
    clearTimeout(this.timer);
    this.source?.close();
    this.source = null;
  }

  alive() {
    this.heard = Date.now();
    this.until = this.heard + silence;
    this.found();
  }

  // missing tells that there is no connection, and when there still was one.
  missing(why) {
    const now = Date.now();
    this.begun = true;
    this.lost(why, now - this.heard < silence ? now : this.heard);
  }

  // refused finds out why there are no events: an EventSource doesn't tell.
  async refused() {
    this.later();
    try {
      await get("session");
      this.missing("The gateway has no room for another page");
    } catch (e) {
      if (e.status !== 401) this.missing();
    }
  }

  later() {
    this.stop();
    this.timer = setTimeout(() => this.open(), again);
  }

  seen(is, patience = rest) {
    clearTimeout(this.resting);
    if (!is) this.resting = setTimeout(() => this.stop(), patience);
    else if (this.source) this.check();
    else this.open();
  }

  // check finds connections that are dead without a word, as after a telephone has slept.
  check() {
    if (!this.source || Date.now() < this.until) return;
    this.missing();
    this.open();
  }

  close() {
    this.ended.abort();
    clearTimeout(this.resting);
    clearInterval(this.watch);
    this.stop();
  }
}
