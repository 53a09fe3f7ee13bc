// The gateway's API, which is all that this page knows of the gateway.

const root = new URL("api/v1/", document.baseURI);

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

// get returns what the gateway answers: a value, or text if the answer is no JSON.
export const get = (path, query) => ask(path, query, { headers: { Accept: "application/json, text/plain, application/yaml" } });

// post sends a value. The header is one that a foreign page can't send.
export function post(path, body) {
  return ask(path, {}, {
    method: "POST",
    headers: { "Mqttgateway-Request": "1", "Content-Type": "application/json" },
    body: JSON.stringify(body ?? {}),
  });
}

async function ask(path, query, options) {
  const url = new URL(path, root);
  for (const [name, value] of Object.entries(query ?? {})) url.searchParams.set(name, value);
  let answer;
  try {
    answer = await fetch(url, { ...options, cache: "no-store", signal: AbortSignal.timeout(30e3) });
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
  if (!answer.ok) throw new Problem(problemText(value, answer), answer.status, json ? value : {});
  return value;
}

function problemText(value, answer) {
  if (answer.status === 404 && !value?.detail) return "this gateway can't tell: its API has no such thing";
  return value?.detail || value?.title || (typeof value === "string" && value.trim()) || `${answer.status} ${answer.statusText}`;
}

const silence = 25e3; // after which the page asks whether the gateway is there: heartbeats can't be seen here
const again = 1500; // ms until another attempt

// Events are the gateway's events of some kinds. The browser connects again when a connection is lost, and says what it has heard
// last; if the gateway doesn't know any more what came since then, it begins anew with a snapshot. on(name, data) gets each event,
// lost() and found() tell of the connection, found with every event.
export class Events {
  constructor(query, names, { on, lost, found }) {
    this.query = query;
    this.names = names;
    this.on = on;
    this.lost = lost ?? (() => {});
    this.found = found ?? (() => {});
    this.heard = Date.now();
    this.watch = setInterval(() => this.check(), 5e3);
    this.open();
  }

  open() {
    const url = new URL("events", root);
    for (const [name, value] of Object.entries(this.query)) url.searchParams.set(name, value);
    const source = new EventSource(url);
    this.source = source;
    source.onopen = () => this.alive();
    source.onerror = () => {
      this.lost();
      if (source.readyState === EventSource.CLOSED) this.later();
    };
    for (const name of this.names) {
      source.addEventListener(name, (e) => {
        this.alive();
        this.on(name, JSON.parse(e.data));
      });
    }
  }

  alive() {
    this.heard = Date.now();
    this.found();
  }

  later() {
    this.source.close();
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.open(), again);
  }

  // check finds connections that are dead without a word, as after a telephone has slept.
  async check() {
    if (Date.now() - this.heard < silence || this.checking) return;
    this.checking = true;
    try {
      await fetch(new URL("health", root), { cache: "no-store", signal: AbortSignal.timeout(5e3) });
      this.heard = Date.now();
    } catch {
      this.lost();
      this.later();
    }
    this.checking = false;
  }

  close() {
    clearTimeout(this.timer);
    clearInterval(this.watch);
    this.source.close();
  }
}
