// A page in a real browser that notes what goes wrong on it.
import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { chromium } from "playwright-core";

/** The two parties of the demonstration that scripts/browser-test.sh has started. */
export const EMSP = process.env.EMSP_URL ?? "http://127.0.0.1:8000";
export const CPO = process.env.CPO_URL ?? "http://127.0.0.1:8001";

const ARGUMENTS = [
  "--no-sandbox",
  // Containers have little of /dev/shm.
  "--disable-dev-shm-usage",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

let browser;

/** A fresh profile each time, so that no test sees what another one has stored. */
export async function withPage(options, work) {
  browser ??= await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", headless: true, args: ARGUMENTS });
  const context = await browser.newContext({ viewport: { width: 1280, height: 850 }, reducedMotion: "reduce", ...options });
  // Busy machines take long to draw Swagger UI.
  context.setDefaultTimeout(90_000);
  const page = await context.newPage();
  const problems = [];
  page.on("pageerror", (error) => problems.push(`error on the page: ${error}`));
  page.on("console", (message) => {
    // An answer of 4xx is noted as an error; tests that expect one look at the page.
    if (message.type() === "error" && !message.text().includes("the server responded with a status of 4")) {
      problems.push(`console: ${message.text()}`);
    }
  });
  page.on("request", (request) => {
    const url = request.url();
    if (!url.startsWith(EMSP) && !url.startsWith(CPO) && !/^(data|blob):/.test(url)) problems.push(`asks somebody else: ${url}`);
  });
  try {
    await work(page);
    assert.deepEqual(problems, []);
  } finally {
    await context.close();
  }
}

export async function closeBrowser() {
  await browser?.close();
}

/** Keeps a picture where SCREENSHOTS says so. */
export async function picture(page, name) {
  if (!process.env.SCREENSHOTS) return;
  mkdirSync(process.env.SCREENSHOTS, { recursive: true });
  await page.screenshot({ path: `${process.env.SCREENSHOTS}/${name}.png` });
}

/** What the documentation of a party is logged in with. */
export async function loginOf(party) {
  return (await fetch(`${party}/docs/login.json`)).json();
}
