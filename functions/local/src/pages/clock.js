// The clock panel, on both pages: shows the product's time and moves it forward.

const time = document.getElementById("clock-time");
const date = document.getElementById("clock-date");
const note = document.getElementById("clock-note");
const panel = document.getElementById("clock");

let ahead = 0;
let zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
let known = false;

/** Whether the page runs without the rest of the product. */
export const alone = () => !known;

/** Formats an instant in the clinic's zone. */
export function at(instant, options) {
  return new Intl.DateTimeFormat("en-US", { timeZone: zone, ...options }).format(new Date(instant));
}

/** The product's time now. */
export const now = () => new Date(Date.now() + ahead);

function draw() {
  if (!known) return;
  time.textContent = at(now(), { hour: "numeric", minute: "2-digit", second: "2-digit" });
  date.textContent = `${at(now(), { weekday: "long", month: "long", day: "numeric", year: "numeric" })} · ${zone.replaceAll("_", " ")}`;
}

function take(clock) {
  ahead = new Date(clock.now).getTime() - Date.now();
  zone = clock.zone;
  known = true;
  panel.hidden = false;
  draw();
}

async function ask() {
  try {
    const answer = await fetch("/dev/clock");
    // Where the rest of the product runs elsewhere there is no clock to move.
    if (answer.ok) take(await answer.json());
  } catch { /* the page says by itself that it is not connected */ }
}

async function move(by) {
  note.textContent = "";
  try {
    const answer = await fetch("/dev/clock", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(by),
    });
    const body = await answer.json();
    if (answer.ok) take(body);
    else note.textContent = body.detail;
  } catch {
    note.textContent = "The clock could not be reached.";
  }
}

for (const button of panel.querySelectorAll("button")) {
  const { advance, to } = button.dataset;
  button.addEventListener("click", () => move(advance ? { advance } : { to }));
}
await ask();
setInterval(draw, 250);
setInterval(ask, 5000);
