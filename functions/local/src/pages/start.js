// The start page: what the demo clinic holds, and a token per role to copy.

import "/pages/clock.js";

const $ = (id) => document.getElementById(id);

function make(tag, props = {}, ...children) {
  const element = Object.assign(document.createElement(tag), props);
  element.append(...children);
  return element;
}

const title = (role) => role.replaceAll("_", " ").replace(/^./, (letter) => letter.toUpperCase());

async function holdings() {
  try {
    const { facts } = await (await fetch("/dev/holdings")).json();
    $("facts").replaceChildren(...facts.flatMap(({ label, value, path }) => [
      make("dt", { textContent: label, title: path ?? "" }),
      make("dd", { textContent: value }),
    ]));
    $("facts-empty").hidden = facts.length > 0;
    $("facts-empty").textContent = "It holds nothing yet: run ./scripts/seed.";
  } catch {
    $("facts-empty").hidden = false;
    $("facts-empty").textContent = "Not connected – trying again…";
  }
}

async function copy(token, button) {
  try {
    await navigator.clipboard.writeText(token);
    button.textContent = "Copied";
  } catch {
    button.textContent = "Not allowed";
    $("tokens-note").textContent = token;
  }
  setTimeout(() => { button.textContent = "Copy"; }, 1600);
}

function row({ role, caller, token, clinic_name }) {
  const button = make("button", { type: "button", textContent: "Copy", ariaLabel: `Copy the token of ${title(role)}, ${clinic_name}` });
  button.addEventListener("click", () => copy(token, button));
  return make("tr", {},
    make("th", { scope: "row", textContent: title(role) }),
    make("td", { className: "mono", textContent: caller, title: caller }),
    make("td", { className: "mono", textContent: token }),
    make("td", {}, button));
}

async function tokens() {
  const answer = await fetch("/dev/tokens");
  const body = await answer.json();
  if (!answer.ok) {
    $("tokens-note").textContent = body.detail;
    return;
  }
  const clinics = new Map(body.tokens.map((entry) => [entry.clinic, entry.clinic_name]));
  const draw = () => {
    const wanted = $("clinic").value;
    $("tokens").replaceChildren(...body.tokens.filter((entry) => entry.clinic === wanted).map(row));
  };
  $("clinic").replaceChildren(...[...clinics].map(([value, textContent]) => make("option", { value, textContent })));
  $("clinic").addEventListener("change", draw);
  document.querySelector(".pick").hidden = clinics.size < 2;
  draw();
}

tokens();
holdings();
setInterval(holdings, 3000);
