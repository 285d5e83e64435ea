// The documentation: open it, open an operation, press Execute, see the answer.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { CPO, EMSP, closeBrowser, picture, withPage } from "./browser.mjs";

after(closeBrowser);

/** Opens the documentation and waits until it is logged in. */
async function open(page, party) {
  await page.goto(`${party}/docs`);
  await page.locator("#login").waitFor();
  await page.locator(".opblock-tag-section").first().waitFor();
}

/** Opens an operation, sends what is filled in, and gives status and body of the answer. */
async function execute(page, tag, operation) {
  const section = page.locator(`.opblock-tag-section`, { has: page.locator(`h3[data-tag="${tag}"]`) });
  if (!(await section.getAttribute("class")).includes("is-open")) await section.locator("h3").click();
  const block = page.locator(`[id$="-${operation}"]`);
  await block.locator(".opblock-summary-control").click();
  await block.locator("button.execute").click();
  const answer = block.locator(".live-responses-table .response").first();
  await answer.waitFor();
  const status = (await answer.locator(".response-col_status").textContent()).match(/\d+/)[0];
  return { block, status: Number(status), body: await answer.locator(".microlight, .highlight-code").first().textContent() };
}

for (const [name, party, acts] of [
  ["emsp", EMSP, "the CPO (US/CPO)"],
  ["cpo", CPO, "the EMSP (US/EMS)"],
]) {
  test(`the documentation of the ${name} says what everything is for`, async () => {
    await withPage({}, async (page) => {
      await open(page, party);
      assert.match(await page.locator("#login").textContent(), new RegExp(acts.replace(/[()]/g, "\\$&")));
      const tags = page.locator(".opblock-tag-section h3");
      const about = await tags.evaluateAll((found) => found.map((tag) => [tag.dataset.tag, tag.querySelector("small")?.textContent ?? ""]));
      assert.ok(about.length >= 9, JSON.stringify(about));
      for (const [tag, text] of about) assert.ok(text.length > 40, tag);
      await picture(page, `docs-${name}`);
    });
  });
}

test("an EMSP asks the CPO for its stations", async () => {
  await withPage({}, async (page) => {
    await open(page, CPO);
    const { status, body, block } = await execute(page, "locations (Sender)", "locations_sender_list");
    assert.equal(status, 200);
    assert.match(body, /"status_code": 1000/);
    assert.match(body, /SEA001/);
    await block.scrollIntoViewIfNeeded();
    await picture(page, "docs-cpo-locations");
  });
});

test("a CPO asks the EMSP whether a driver may charge", async () => {
  await withPage({}, async (page) => {
    await open(page, EMSP);
    const { status, body } = await execute(page, "tokens (Sender)", "tokens_sender_authorize");
    assert.equal(status, 200);
    assert.match(body, /"allowed": "ALLOWED"/);
  });
});

test("the page stays logged in when the tokens change, and what it sends is not out of date", async () => {
  await withPage({}, async (page) => {
    await open(page, EMSP);
    const renewed = await execute(page, "operator: partners", "operator_partners_send_credentials");
    assert.equal(renewed.status, 200, renewed.body);
    const filledAt = await page.evaluate(() => window.ui.specSelectors.info().get("x-filled-at"));
    const sent = page.waitForRequest((request) => request.method() === "PATCH");
    const { status, body } = await execute(page, "sessions (Receiver)", "sessions_receiver_patch");
    assert.equal(status, 200, body);
    assert.match(body, /"status_code": 1000/);
    const { last_updated: at } = (await sent).postDataJSON();
    assert.ok(at >= filledAt, `${at} is before ${filledAt}`);
  });
});

test("an operator starts a charge, and the command is seen in the inspector", async () => {
  await withPage({}, async (page) => {
    await open(page, EMSP);
    const { status, body } = await execute(page, "operator: commands", "operator_commands_start");
    assert.equal(status, 201, body);
    assert.match(body, /"result": "ACCEPTED"/);
    await page.locator("#login a").click();
    await page.locator("#rows .row").filter({ hasText: "please start a charge for my driver" }).last().waitFor();
  });
});
