// One mail: what it says, its HTML in a closed frame, its headers and files, and the unsubscribe button.

import { at } from "/pages/clock.js";

const pane = document.getElementById("mail");
let shownId;
let shownTab;

/** An element with text and children. */
export function make(tag, props = {}, ...children) {
  const element = Object.assign(document.createElement(tag), props);
  element.append(...children.filter((child) => child != null));
  return element;
}

/** Text with its web addresses as links. */
export function linked(text) {
  const parts = [];
  let end = 0;
  for (const match of text.matchAll(/https?:\/\/[^\s<>"]*[^\s<>".,;:!?)]/g)) {
    parts.push(text.slice(end, match.index));
    parts.push(make("a", { href: match[0], target: "_blank", rel: "noopener noreferrer", textContent: match[0] }));
    end = match.index + match[0].length;
  }
  parts.push(text.slice(end));
  return parts;
}

const size = (bytes) => (bytes < 1024 ? `${bytes} B` : `${(bytes / 1024).toFixed(1)} KB`);

function headers(mail) {
  const rows = mail.headers.map(([name, value]) =>
    make("tr", {}, make("th", { scope: "row", textContent: name }), make("td", { className: "mono", textContent: value })));
  return make("table", {}, make("tbody", {}, ...rows));
}

function files(mail) {
  return make("div", { className: "files" }, ...mail.attachments.map((file, index) => make("div", { className: "file" },
    make("a", { href: `/sim/mail/${mail.id}/attachments/${index}`, download: file.name },
      make("strong", { textContent: file.name }),
      make("span", { className: "soft small", textContent: `${file.content_type} · ${size(file.bytes)}` })),
    file.text == null ? null : make("pre", { textContent: file.text }))));
}

function leaves(mail) {
  const all = [];
  if (mail.has_html) {
    all.push(["HTML", () => make("iframe", {
      src: `/sim/mail/${mail.id}/html`,
      sandbox: "allow-popups allow-popups-to-escape-sandbox",
      title: "The mail as HTML",
    })]);
  }
  if (mail.text != null) all.push(["Text", () => make("pre", { className: "plain" }, ...linked(mail.text))]);
  all.push(["Headers", () => headers(mail)]);
  return all;
}

function tabs(mail) {
  const leaf = make("div", { className: "leaf" });
  const bar = make("div", { className: "tabs", role: "tablist" });
  const all = leaves(mail);
  const open = (name) => {
    shownTab = name;
    for (const button of bar.children) button.ariaSelected = String(button.textContent === name);
    leaf.replaceChildren(all.find(([label]) => label === name)[1]());
  };
  for (const [name] of all) {
    bar.append(make("button", { type: "button", role: "tab", textContent: name, onclick: () => open(name) }));
  }
  open(all.some(([name]) => name === shownTab) ? shownTab : all[0][0]);
  return [bar, leaf];
}

async function unsubscribe(mail, note) {
  const answer = await fetch(`/sim/mail/${mail.id}/unsubscribe`, { method: "POST" });
  const body = await answer.json();
  note.textContent = !answer.ok ? body.detail
    : body.answer == null ? "Nobody answered."
    : body.answer < 300 ? "Unsubscribed." : `The address answered with ${body.answer}.`;
}

/** Shows a mail; a call for the one that is shown only renews it when `renew` is set. */
export async function show(id, renew = false) {
  if (id === shownId && !renew) return;
  if (id !== shownId) shownTab = undefined;
  shownId = id;
  const answer = await fetch(`/sim/mail/${id}`);
  if (!answer.ok || id !== shownId) return;
  const mail = await answer.json();
  const person = (name, value) => [make("dt", { textContent: name }), make("dd", { textContent: value })];
  const note = make("span", { className: "small soft", role: "status" });
  if (mail.unsubscribed != null) note.textContent = `Used: answered with ${mail.unsubscribed}.`;
  pane.replaceChildren(
    make("h3", { textContent: mail.subject || "(no subject)" }),
    make("dl", { className: "people" },
      ...person("From", mail.from), ...person("To", mail.to.join(", ")),
      ...person("When", at(mail.at, { dateStyle: "full", timeStyle: "short" })),
      ...person("Events", mail.events.join(", ") || "none yet")),
    mail.one_click ? make("div", { className: "line" },
      make("button", { type: "button", textContent: "Unsubscribe", onclick: () => unsubscribe(mail, note) }), note) : "",
    ...tabs(mail),
    mail.attachments.length ? files(mail) : "");
}

/** Nothing is shown. */
export function clear() {
  shownId = undefined;
  pane.replaceChildren();
}
