// Times as people read them. The gateway's clock counts, not the browser's.

let ahead = 0; // of the gateway's clock before this one, in ms
let held = 0; // what the clock shows while it stands; 0: it goes

// setClock says what time it is at the gateway.
export function setClock(now) {
  const at = Date.parse(now);
  if (!Number.isNaN(at)) ahead = at - Date.now();
}

// now is the time at the gateway, in ms: while the gateway is away, the time from which all is that is shown.
export function now() {
  return held || running();
}

const running = () => Date.now() + ahead;

// hold stops the clock at a time of this one, or has it go on: null.
export function hold(at) {
  held = at === null ? 0 : at + ahead;
}

// span tells a time in ms by its largest unit: 8 s, 3 min, 2 h, 4 d.
export function span(ms) {
  const s = Math.max(0, Math.floor(ms / 1000));
  if (s < 120) return `${s} s`;
  if (s < 2 * 3600) return `${Math.floor(s / 60)} min`;
  if (s < 2 * 86400) return `${Math.floor(s / 3600)} h`;
  return `${Math.floor(s / 86400)} d`;
}

// spanExactly tells a time in ms that has ended: 340 ms, 8.2 s, 3 min 5 s.
export function spanExactly(ms) {
  if (ms < 1000) return `${Math.max(0, Math.round(ms))} ms`;
  if (ms < 60e3) return `${(ms / 1000).toFixed(1)} s`;
  if (ms < 3600e3) return `${Math.floor(ms / 60e3)} min ${Math.floor((ms % 60e3) / 1000)} s`;
  return `${Math.floor(ms / 3600e3)} h ${Math.floor((ms % 3600e3) / 60e3)} min`;
}

// ago tells how long ago something was; "" if it never was.
export function ago(at) {
  return at ? span(now() - Date.parse(at)) : "";
}

// until tells how long it is until something; "now" once its time has come.
export function until(at) {
  if (!at) return "";
  const ms = Date.parse(at) - now();
  return ms > 0 ? `in ${span(ms + 999)}` : "now";
}

const two = (n) => String(n).padStart(2, "0");

// clock tells the time of day, now unless at says another time, with milliseconds if so wanted.
export function clock(at = running(), ms = false) {
  const d = new Date(at);
  if (Number.isNaN(d.getTime())) return "";
  const text = `${two(d.getHours())}:${two(d.getMinutes())}:${two(d.getSeconds())}`;
  return ms ? `${text}.${String(d.getMilliseconds()).padStart(3, "0")}` : text;
}

// moment tells the time of day of what has happened today, and day and time of what happened before.
export function moment(at) {
  const d = new Date(at);
  if (d.toDateString() === new Date(running()).toDateString()) return clock(at, true);
  return date(at).slice("2000-".length, -":00".length);
}

// date tells date and time.
export function date(at) {
  const d = new Date(at);
  if (Number.isNaN(d.getTime())) return "";
  return `${d.getFullYear()}-${two(d.getMonth() + 1)}-${two(d.getDate())} ${clock(at)}`;
}
