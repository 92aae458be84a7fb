// Opens the page at a server's address as a person would, and prints what it saw as one JSON object.
// node front.mjs CHROMIUM ADDRESS [SCREENSHOTS]
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";

const [executablePath, address, shots] = process.argv.slice(2);
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const browser = await chromium.launch({
  executablePath,
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});
const seen = { errors: [], elsewhere: [], axe: [] };

async function opened(theme, more = {}) {
  const context = await browser.newContext({ viewport: { width: 1000, height: 800 }, colorScheme: theme, permissions: ["clipboard-read", "clipboard-write"], ...more });
  const tab = await context.newPage();
  tab.on("pageerror", (error) => seen.errors.push(String(error)));
  tab.on("console", (message) => { if (message.type() === "error") seen.errors.push(message.text()); });
  tab.on("request", (request) => { if (!request.url().startsWith(address) && !request.url().startsWith("data:")) seen.elsewhere.push(request.url()); });
  await tab.goto(address + "/");
  return tab;
}

const tab = await opened("light");
seen.title = await tab.title();
await tab.getByRole("button", { name: "Copy the address" }).click();
await tab.waitForFunction(() => document.getElementById("said").textContent !== "");
seen.said = await tab.locator("#said").textContent();
seen.copied = await tab.evaluate(() => navigator.clipboard.readText());
seen.assistants = await tab.locator("summary").allTextContents();
await tab.getByText("VS Code", { exact: true }).click();
seen.snippet = await tab.locator("#vscode").textContent();
await tab.keyboard.press("Tab");
seen.tools = await tab.locator("tbody tr td:first-child").allTextContents();
seen.wide = await tab.evaluate(() => document.documentElement.scrollWidth <= innerWidth);
if (shots) await tab.screenshot({ path: shots + "-light.png", fullPage: true });
const dark = await opened("dark");
if (shots) await dark.screenshot({ path: shots + "-dark.png" });
for (const theme of ["light", "dark"]) {
  const clean = await opened(theme, { bypassCSP: true });
  await clean.getByText("Codex", { exact: true }).click();
  const found = await clean.evaluate(`(() => { ${axe}; return axe.run(document, { resultTypes: ["violations"] }); })()`);
  seen.axe.push(...found.violations.map((each) => each.id + ": " + each.nodes[0].html.slice(0, 120)));
}
const small = await opened("light", { viewport: { width: 360, height: 700 } });
seen.narrow = await small.evaluate(() => document.documentElement.scrollWidth <= innerWidth);
await browser.close();
console.log(JSON.stringify(seen));
