// Phones and mailboxes: asks once a second what changed, draws the list, the conversation and the log.

import { alone, at, now } from "/pages/clock.js";
import { clear as clearMail, linked, make, show as showMail } from "/pages/mail.js";

const $ = (id) => document.getElementById(id);
const PHONE = '<svg viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="1.8" stroke-linecap="round" aria-hidden="true"><rect x="7" y="2.5" width="10" height="19" rx="2.2"/><path d="M11 18.5h2"/></svg>';
const LETTER = '<svg viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="1.8" stroke-linejoin="round" aria-hidden="true"><rect x="3" y="5.5" width="18" height="13" rx="2"/><path d="m3.5 7 8.5 6 8.5-6"/></svg>';
const MOST_BOXES = 200;
const MOST_LINES = 300;
const STATES = {
  accepted: "On its way", queued: "On its way", sending: "On its way", sent: "Sent",
  delivered: "Delivered", undelivered: "Not delivered", failed: "Failed", received: "Received",
};

const rows = new Map();
const boxes = new Map();
let cursor = 0;
let chosen = decodeURIComponent(location.hash.slice(1));
let chosenMail;
let shown = "all";
let seen = {};
try {
  seen = JSON.parse(localStorage.getItem("seen") ?? "{}");
} catch { /* a fresh start: everything is unread */ }

function take(row) {
  rows.set(row.id, row);
  const box = boxes.get(row.box) ?? { name: row.box, kind: row.kind, ids: new Set(), last: 0 };
  box.ids.add(row.id);
  if (row.n >= box.last) [box.last, box.latest] = [row.n, row];
  boxes.set(row.box, box);
}

function unread(box) {
  let count = 0;
  for (const id of box.ids) {
    const row = rows.get(id);
    if (row.way !== "in" && row.n > (seen[box.name] ?? 0)) count += 1;
  }
  return count;
}

function markSeen(box) {
  if ((seen[box.name] ?? 0) === box.last) return;
  seen[box.name] = box.last;
  localStorage.setItem("seen", JSON.stringify(seen));
}

function when(instant) {
  const day = { year: "numeric", month: "numeric", day: "numeric" };
  return at(instant, day) === at(now(), day)
    ? at(instant, { hour: "numeric", minute: "2-digit" })
    : at(instant, { month: "short", day: "numeric" });
}

/** An American number as Americans write it; others as they are. */
function pretty(name) {
  const parts = /^\+1(\d{3})(\d{3})(\d{4})$/.exec(name);
  return parts ? `(${parts[1]}) ${parts[2]}-${parts[3]}` : name;
}

function drawList() {
  const wanted = $("filter").value.trim().toLowerCase();
  const digits = wanted.replace(/[^\d+]/g, "");
  const fits = (box) => (shown === "all" || box.kind === shown)
    && (!wanted || box.name.toLowerCase().includes(wanted) || (digits && box.name.includes(digits)));
  const found = [...boxes.values()].filter(fits).sort((a, b) => b.last - a.last);
  const focused = document.activeElement?.dataset?.box;
  $("list").replaceChildren(...found.slice(0, MOST_BOXES).map((box) => {
    const count = unread(box);
    const face = make("span", { className: "face" });
    face.innerHTML = box.kind === "mail" ? LETTER : PHONE;
    const { latest } = box;
    const preview = box.kind === "mail" ? latest.subject : `${latest.way === "in" ? "↩ " : ""}${latest.body}`;
    const button = make("button", { type: "button", onclick: () => choose(box.name) },
      face,
      make("span", { className: "who", textContent: pretty(box.name), title: box.name }),
      make("span", { className: "when", textContent: when(latest.at) }),
      make("span", { className: "what", textContent: preview }),
      count ? make("span", { className: "count", textContent: count, ariaLabel: `${count} unread` }) : null);
    button.dataset.box = box.name;
    if (box.name === chosen) button.ariaCurrent = "true";
    return make("li", {}, button);
  }));
  if (focused) document.querySelector(`[data-box="${CSS.escape(focused)}"]`)?.focus();
  $("list-empty").hidden = boxes.size > 0;
  $("list-more").hidden = found.length <= MOST_BOXES;
  $("list-more").textContent = `${found.length - MOST_BOXES} more: type to find them.`;
  const all = [...boxes.values()].reduce((sum, box) => sum + unread(box), 0);
  document.title = `${all ? `(${all}) ` : ""}Phones and mailboxes`;
}

const ofBox = (box) => [...box.ids].map((id) => rows.get(id)).sort((a, b) => a.n - b.n);

function bubble(row) {
  const tone = { delivered: "good", undelivered: "bad", failed: "bad" }[row.status] ?? "";
  const state = make("span", { className: "state" }, `${at(row.at, { hour: "numeric", minute: "2-digit" })} `);
  if (row.way === "out") {
    const code = row.code ? ` · error ${row.code}` : "";
    state.append("· ", make("span", { className: tone, textContent: `${STATES[row.status]}${code}` }));
  } else if (row.way === "network") {
    state.append("· from the network itself");
  } else if (row.status === "failed") {
    state.append("· ", make("span", { className: "bad", textContent: "The clinic's system did not take it" }));
  }
  const lost = row.way === "out" && tone === "bad" ? " lost" : "";
  return make("li", { className: `bubble ${row.way}${lost}` }, make("div", { className: "body" }, ...linked(row.body)), state);
}

function drawTalk(box) {
  const list = $("bubbles");
  const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 60;
  const texts = ofBox(box);
  const children = [];
  let day;
  for (const row of texts) {
    const today = at(row.at, { weekday: "long", month: "long", day: "numeric" });
    if (today !== day) children.push(make("li", { className: "day", textContent: today }));
    day = today;
    children.push(bubble(row));
  }
  list.replaceChildren(...children);
  if (atEnd) list.scrollTop = list.scrollHeight;
  $("talk-name").textContent = pretty(box.name);
  const ours = texts.findLast((row) => row.way === "out")?.ours;
  const count = texts.length === 1 ? "1 message" : `${texts.length} messages`;
  $("talk-about").textContent = `${count}${ours ? ` · with ${pretty(ours)}` : ""}`;
}

function drawMailbox(box, changed) {
  const mails = ofBox(box).reverse();
  if (!mails.some((mail) => mail.id === chosenMail)) chosenMail = mails[0].id;
  $("mailbox-name").textContent = box.name;
  $("mailbox-about").textContent = mails.length === 1 ? "1 mail" : `${mails.length} mails`;
  $("mails").replaceChildren(...mails.map((mail) => {
    const state = mail.status ? ` · ${mail.status}` : "";
    const clip = mail.attachments ? " · file" : "";
    const button = make("button", { type: "button", onclick: () => { chosenMail = mail.id; draw(); } },
      make("span", { className: "subject", textContent: mail.subject || "(no subject)" }),
      make("span", { className: "what", textContent: mail.preview }),
      make("span", { className: "what", textContent: `${when(mail.at)}${state}${clip}` }));
    if (mail.id === chosenMail) button.ariaCurrent = "true";
    return make("li", {}, button);
  }));
  showMail(chosenMail, changed.has(chosenMail));
}

function draw(changed = new Set()) {
  const box = boxes.get(chosen);
  if (box && document.visibilityState === "visible") markSeen(box);
  drawList();
  document.querySelector(".desk").classList.toggle("open", Boolean(box));
  $("none").hidden = Boolean(box);
  $("talk").hidden = box?.kind !== "text";
  $("mailbox").hidden = box?.kind !== "mail";
  if (box?.kind === "text") drawTalk(box);
  if (box?.kind === "mail") drawMailbox(box, changed);
  else clearMail();
}

function choose(name) {
  chosen = name;
  chosenMail = undefined;
  history.replaceState(null, "", name ? `#${encodeURIComponent(name)}` : location.pathname);
  $("reply-note").textContent = "";
  draw();
  $("bubbles").scrollTop = $("bubbles").scrollHeight;
}

function drawLog(lines) {
  const log = $("log");
  for (const line of lines) {
    const stamp = at(line.at, { hour: "2-digit", minute: "2-digit", hour12: false });
    log.prepend(make("li", { className: line.tone }, make("time", { dateTime: line.at, textContent: stamp }), line.says));
  }
  while (log.children.length > MOST_LINES) log.lastChild.remove();
  $("log-empty").hidden = log.children.length > 0;
}

async function poll() {
  let more = true;
  while (more) {
    const answer = await fetch(`/sim/feed?after=${cursor}`);
    if (!answer.ok) throw new Error(answer.status);
    const feed = await answer.json();
    if (feed.cursor < cursor) {
      rows.clear();
      boxes.clear();
      $("log").replaceChildren();
    }
    more = feed.more;
    if (feed.cursor === cursor) return;
    cursor = feed.cursor;
    feed.rows.forEach(take);
    drawLog(feed.log);
    draw(new Set(feed.rows.map((row) => row.id)));
  }
}

async function keepPolling() {
  try {
    await poll();
    $("offline").hidden = true;
  } catch {
    $("offline").hidden = false;
  }
  setTimeout(keepPolling, 1000);
}

async function send(phone, body, note) {
  note.textContent = "";
  try {
    const answer = await fetch(`/sim/phone/${encodeURIComponent(phone)}/reply`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    if (!answer.ok) note.textContent = (await answer.json()).detail;
    await poll();
    return answer.ok;
  } catch {
    note.textContent = "Not sent: nobody answers.";
    return false;
  }
}

async function say(text) {
  if (!text.trim()) return;
  if (await send(chosen, { text }, $("reply-note"))) {
    $("say").value = "";
    $("bubbles").scrollTop = $("bubbles").scrollHeight;
  }
}

$("reply").addEventListener("submit", (event) => {
  event.preventDefault();
  say($("say").value);
});
$("say").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    say($("say").value);
  }
});
for (const button of document.querySelectorAll("[data-say]")) {
  button.addEventListener("click", () => say(button.dataset.say));
}
for (const button of document.querySelectorAll("[data-back]")) button.addEventListener("click", () => choose(""));
for (const button of document.querySelectorAll("[data-show]")) {
  button.addEventListener("click", () => {
    shown = button.dataset.show;
    for (const other of document.querySelectorAll("[data-show]")) other.ariaPressed = String(other === button);
    drawList();
  });
}
$("filter").addEventListener("input", drawList);
$("write").addEventListener("click", () => {
  const latest = [...rows.values()].filter((row) => row.way === "out").sort((a, b) => b.n - a.n)[0];
  $("new-to").value ||= latest?.ours ?? "";
  $("new-note").textContent = "";
  $("new-text").showModal();
});
$("new-cancel").addEventListener("click", () => $("new-text").close());
$("new-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const from = $("new-from").value.trim();
  const body = { text: $("new-say").value, to: $("new-to").value.trim() };
  if (await send(from, body, $("new-note"))) {
    $("new-say").value = "";
    $("new-text").close();
    choose(from);
  }
});
window.addEventListener("hashchange", () => choose(decodeURIComponent(location.hash.slice(1))));
document.addEventListener("visibilitychange", () => draw());

async function drawRules() {
  const { numbers, mailboxes } = await (await fetch("/sim/rules")).json();
  const entry = (name, says) => [make("dt", { textContent: name }), make("dd", { textContent: says })];
  const nice = (ending) => `…${ending.slice(0, 3)}-${ending.slice(3)}`;
  $("rules-list").replaceChildren(
    ...numbers.flatMap((rule) => entry(nice(rule.ending), rule.says)),
    ...mailboxes.flatMap((rule) => entry(`${rule.name}@…`, rule.says)));
}
$("rules").addEventListener("toggle", drawRules, { once: true });
// Without the rest of the product there is nowhere else to go.
document.querySelector(".top nav").hidden = alone();
keepPolling();
