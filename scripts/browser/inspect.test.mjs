// The inspector: what a person sees, and what only those with the key do.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { CPO, EMSP, closeBrowser, picture, withPage } from "./browser.mjs";

// The launcher's.
const key = "demo-operator-key";

after(closeBrowser);

const rows = (page) => page.locator("#rows li:not([hidden]) .row");

async function open(page, party = EMSP) {
  await page.goto(`${party}/inspect#key=${encodeURIComponent(key)}`);
  await page.locator("#state.live").waitFor();
  await rows(page).first().waitFor();
}

test("nothing is shown without the key", async () => {
  await withPage({}, async (page) => {
    await page.goto(`${EMSP}/inspect`);
    await page.getByLabel("Operator key").fill("not the key");
    await page.getByRole("button", { name: "Open" }).click();
    await page.getByRole("alert").filter({ hasText: "This is not the operator key" }).waitFor();
    assert.equal(await page.locator("#inspector").isVisible(), false);
    await picture(page, "inspect-login");
    await page.getByLabel("Operator key").fill(key);
    await page.getByRole("button", { name: "Open" }).click();
    await rows(page).first().waitFor();
    // The tab remembers it, until one leaves.
    await page.reload();
    await rows(page).first().waitFor();
    await page.getByRole("button", { name: "Leave" }).click();
    await page.reload();
    await page.getByLabel("Operator key").waitFor();
  });
});

test("the diagram tells who called whom, and the key does not stay in the address", async () => {
  await withPage({}, async (page) => {
    await open(page);
    assert.equal(page.url(), `${EMSP}/inspect`);
    assert.deepEqual(await page.locator("#lanes span").allTextContents(), ["emsp", "The CPO"]);
    await page.getByLabel("Module").selectOption("cdrs");
    const bill = rows(page).filter({ hasText: "POST cdrs" }).first();
    assert.match(await bill.textContent(), /the bill of a finished charge/);
    // From the partner's lane on the right to ours on the left.
    const [us, them] = await page.locator("#lifelines i").evaluateAll((lines) => lines.map((line) => line.getBoundingClientRect().left));
    const arrow = await bill.locator(".call").boundingBox();
    assert.ok(Math.abs(arrow.x - us) < 3 && Math.abs(arrow.x + arrow.width - them) < 3, "the arrow runs from lane to lane");
    assert.match(await bill.getAttribute("class"), /\bin\b.*\bgood\b/);
    await picture(page, "inspect-light");
  });
});

test("an exchange shows headers, bodies and the validator's verdict, but no secrets", async () => {
  await withPage({ colorScheme: "dark" }, async (page) => {
    await open(page);
    await page.getByLabel("Module").selectOption("credentials");
    await rows(page).filter({ hasText: "POST" }).first().click();
    const details = page.locator("#details");
    await details.getByText("Credentials: the validator finds nothing wrong").first().waitFor();
    const text = await details.textContent();
    assert.match(text, /authorizationToken \*\*\*/);
    assert.match(text, /"token": "\*\*\*"/);
    await picture(page, "inspect-dark");

    // What belongs together: one click on the correlation id.
    await details.locator(".facts .link").click();
    const ids = await rows(page).evaluateAll((found) => new Set(found.map((row) => row.style.getPropertyValue("--hue"))).size);
    assert.equal(ids, 1);
    await page.getByLabel("Correlation id").fill("");
    await page.getByLabel("Module").selectOption("");
    await page.getByLabel("Search").fill("nothing has this text");
    await page.getByText("None of the exchanges fits these filters.").waitFor();
  });
});

test("what happens appears at once", async () => {
  await withPage({}, async (page) => {
    await open(page);
    await page.getByLabel("Search").fill("04DE5000000003");
    const before = await rows(page).count();
    const headers = { Authorization: `Bearer ${key}` };
    await fetch(`${EMSP}/operator/v1/tokens/04DE5000000003/block`, { method: "POST", headers });
    await rows(page).nth(before).waitFor();
    assert.match(await rows(page).nth(before).textContent(), /P(UT|ATCH) tokens\/US\/EMS\/04DE5000000003.*this card or app is new, or has changed/);

    // Held back while paused, shown afterwards.
    await page.getByRole("button", { name: "Pause" }).click();
    await fetch(`${EMSP}/operator/v1/tokens/04DE5000000003/unblock`, { method: "POST", headers });
    await page.locator("#state").filter({ hasText: "waiting" }).waitFor();
    assert.equal(await rows(page).count(), before + 1);
    await page.getByRole("button", { name: "Go on" }).click();
    await rows(page).nth(before + 1).waitFor();
  });
});

test("it is readable on a phone", async () => {
  await withPage({ viewport: { width: 390, height: 780 }, hasTouch: true, isMobile: true }, async (page) => {
    await open(page, CPO);
    const width = await page.evaluate(() => document.documentElement.scrollWidth);
    assert.ok(width <= 390, `the page is ${width} pixels wide`);
    await picture(page, "inspect-phone");
    await rows(page).last().tap();
    await page.locator("#details.open h2").waitFor();
    await picture(page, "inspect-phone-details");
    await page.getByRole("button", { name: "Close" }).tap();
    assert.equal(await page.locator("#details").isVisible(), false);
  });
});
