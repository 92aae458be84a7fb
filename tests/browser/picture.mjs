// Opens a picture as a person would, and prints what it saw as one JSON object.
// node picture.mjs CHROMIUM PAGE.html [APP.html RESULT.json SCREENSHOTS]
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

const [executablePath, page, app, result, shots] = process.argv.slice(2);
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const browser = await chromium.launch({
  executablePath,
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});
const seen = { errors: [], requests: [] };

async function opened(theme, url = pathToFileURL(page).href) {
  const tab = await browser.newPage({ viewport: { width: 1400, height: 900 }, colorScheme: theme, bypassCSP: false });
  tab.on("pageerror", (error) => seen.errors.push(String(error)));
  tab.on("console", (message) => { if (message.type() === "error") seen.errors.push(message.text()); });
  tab.on("dialog", (dialog) => { seen.errors.push("dialog: " + dialog.message()); dialog.dismiss(); });
  tab.on("request", (request) => { if (!request.url().startsWith("file:")) seen.requests.push(request.url()); });
  await tab.goto(url);
  await tab.waitForSelector("#summary:not(:empty)");
  return tab;
}

const boxes = (tab) => tab.locator(".node").count();
const said = (tab) => tab.locator("#said").textContent();

async function used(tab) {
  const found = { title: await tab.title(), boxes: await boxes(tab), incomplete: await tab.locator("#incomplete").textContent() };
  const folded = tab.locator("#legend button[aria-pressed=false]").first();
  if (await folded.count()) {
    await folded.click();
    found.unfolded = await boxes(tab);
  }
  await tab.locator(".node.start").first().press("Enter");
  found.details = await tab.locator("#details h2").textContent();
  found.kept = await tab.evaluate(() => document.activeElement.classList.contains("node") || document.activeElement.closest("#details") !== null);
  await tab.keyboard.press("Escape");
  found.closed = await tab.locator("#details").isHidden();
  const start = tab.locator(".node.start").first();
  await start.focus();
  await tab.keyboard.press("s");
  await tab.keyboard.press("ArrowRight");
  found.walked = await tab.evaluate(() => document.activeElement.getAttribute("aria-label"));
  await tab.keyboard.press("t");
  found.way = await said(tab);
  found.onTheWay = await tab.locator(".edge.way").count();
  await tab.keyboard.press("Escape");
  await tab.keyboard.press("/");
  await tab.keyboard.type(found.details.slice(0, 6).toUpperCase());
  found.hits = await tab.locator(".node.hit").count();
  await tab.keyboard.press("Enter");
  found.found = await tab.locator("#details h2").textContent();
  const before = await tab.evaluate(() => window.page.view.zoom.k);
  await tab.mouse.move(500, 450);
  await tab.mouse.wheel(0, -300);
  found.zoomed = (await tab.evaluate(() => window.page.view.zoom.k)) > before;
  await tab.selectOption("#group", "run");
  if (await tab.locator("#fold").isVisible()) {
    const expanded = await boxes(tab);
    await tab.click("#fold");
    found.collapsed = (await boxes(tab)) < expanded;
    await tab.click("#fold");
    found.expanded = (await boxes(tab)) === expanded;
  }
  await tab.locator("#list summary").click();
  found.rows = await tab.locator("#list tr").count();
  return found;
}

// Boxes whose words are left out although they are in sight and large enough to be read.
const wordless = (tab) => tab.evaluate(() => {
  const stage = document.getElementById("stage").getBoundingClientRect();
  return [...document.querySelectorAll(".item")].filter((item) => {
    const box = item.querySelector(".node").getBoundingClientRect();
    const inSight = box.right > stage.left && box.left < stage.right && box.bottom > stage.top + 30 && box.top < stage.bottom;
    return inSight && box.width > 80 && getComputedStyle(item.querySelector("text")).display === "none";
  }).length;
});

async function violations(tab) {
  return (await tab.evaluate(`(() => { ${axe}; return axe.run(document, { resultTypes: ["violations"] }); })()`)).violations
    .map((each) => each.id + ": " + each.nodes.slice(0, 3).map((node) => node.html.slice(0, 120)).join(" | "));
}

const light = await opened("light");
if (shots) await light.screenshot({ path: shots + "-light.png" });
seen.wordless = [await wordless(light)];
await light.click("#fit");
seen.wordless.push(await wordless(light));
for (let step = 0; step < 9; step++) await light.click("#in");
seen.wordless.push(await wordless(light));
seen.used = (await boxes(light)) ? await used(light) : { boxes: 0, summary: await light.locator("#summary").textContent() };
const clean = await browser.newPage({ viewport: { width: 1400, height: 900 }, bypassCSP: true });
await clean.goto(pathToFileURL(page).href);
await clean.waitForSelector("#summary:not(:empty)");
if (seen.used.boxes) await clean.locator(".node.start").first().press("Enter");
seen.axe = await violations(clean);
const dark = await opened("dark");
if (shots) await dark.screenshot({ path: shots + "-dark.png" });
seen.dark = await dark.evaluate(() => getComputedStyle(document.body).backgroundColor);
await dark.emulateMedia({ media: "print" });
seen.printed = await dark.locator("#tools").isHidden();
seen.printedWithoutWords = await dark.evaluate(() => [...document.querySelectorAll(".item text")].filter((text) => getComputedStyle(text).display === "none").length);

if (app) {
  // A small host: the page in a sandboxed frame under a strict policy, spoken to by postMessage.
  const host = await browser.newPage({ viewport: { width: 900, height: 700 } });
  host.on("pageerror", (error) => seen.errors.push("host: " + error));
  host.on("console", (message) => { if (message.type() === "error") seen.errors.push("host: " + message.text()); });
  await host.setContent("<!doctype html><title>host</title><iframe id=view sandbox=allow-scripts style='width:880px;height:680px'></iframe>");
  await host.evaluate(({ html, answer }) => new Promise((resolve) => {
    const calls = [], frame = document.getElementById("view");
    window.calls = calls;
    window.addEventListener("message", ({ data, source }) => {
      const reply = (result) => source.postMessage({ jsonrpc: "2.0", id: data.id, result }, "*");
      calls.push(data.method);
      if (data.method === "ui/initialize") reply({ protocolVersion: "2026-01-26", hostInfo: { name: "host", version: "1" }, hostCapabilities: { serverTools: {} }, hostContext: { theme: "dark" } });
      if (data.method === "ui/notifications/initialized") {
        source.postMessage({ jsonrpc: "2.0", method: "ui/notifications/tool-input", params: { arguments: answer.arguments } }, "*");
        source.postMessage({ jsonrpc: "2.0", method: "ui/notifications/tool-result", params: answer.result }, "*");
      }
      if (data.method === "tools/call") { window.asked = data.params; reply(answer.more); }
      if (data.method === "ui/notifications/size-changed") resolve();
    });
    frame.srcdoc = html;
  }), { html: readFileSync(app, "utf8"), answer: JSON.parse(readFileSync(result, "utf8")) });
  const view = host.frames().find((frame) => frame !== host.mainFrame());
  await view.waitForSelector(".node");
  const before = await view.locator(".node").count();
  await view.locator(".node.start").first().press("Enter");
  await view.getByRole("button", { name: "Load more around it" }).click();
  await view.waitForFunction((count) => document.querySelectorAll(".node").length > count, before);
  seen.app = { before, after: await view.locator(".node").count(), asked: await host.evaluate(() => window.asked), calls: await host.evaluate(() => [...new Set(window.calls)]), theme: await view.evaluate(() => document.documentElement.dataset.theme) };
}
await browser.close();
console.log(JSON.stringify(seen));
