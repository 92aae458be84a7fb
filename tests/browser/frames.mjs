// How long a picture's frames take while it is panned, zoomed and pointed at, and the main thread's processor time for each.
// node frames.mjs CHROMIUM PAGE.html ROUNDS
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

const [executablePath, page, rounds] = process.argv.slice(2);
const browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking"] });
const tab = await browser.newPage({ viewport: { width: 1400, height: 900 } });
await tab.goto(pathToFileURL(page).href);
await tab.waitForSelector(".node");
const devtools = await tab.context().newCDPSession(tab);
await devtools.send("Performance.enable", { timeDomain: "threadTicks" });

// Only frames in which the page was told something count: from the one that shows it to the next.
await tab.evaluate(() => {
  window.shownFor = [];
  let told = false, before = null;
  for (const kind of ["pointermove", "wheel"]) addEventListener(kind, () => { told = true; }, { capture: true, passive: true });
  const frame = (now) => {
    if (before !== null) window.shownFor.push(now - before);
    before = told ? now : null;
    told = false;
    requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
});

async function busy() {
  const { metrics } = await devtools.send("Performance.getMetrics");
  return metrics.find((each) => each.name === "TaskDuration").value * 1000;
}

async function measured(act) {
  await tab.evaluate(() => { window.shownFor.length = 0; });
  const before = await busy();
  for (let round = 0; round < Number(rounds); round++) await act(round);
  const spent = (await busy()) - before;
  const frames = (await tab.evaluate(() => window.shownFor)).sort((one, other) => one - other);
  return { count: frames.length, median: frames[frames.length >> 1], worst: frames[frames.length - 1], busy: spent / frames.length };
}

const stage = await tab.locator("#stage").boundingBox();
const middle = { x: stage.x + stage.width / 2, y: stage.y + stage.height / 2 };

async function pan(round) {
  await tab.mouse.move(middle.x, stage.y + 50);
  await tab.mouse.down();
  await tab.mouse.move(middle.x + (round % 2 ? -400 : 400), middle.y + 150, { steps: 30 });
  await tab.mouse.up();
}

async function zoom(round) {
  await tab.mouse.move(middle.x, middle.y);
  for (let step = 0; step < 30; step++) await tab.mouse.wheel(0, round % 2 ? 40 : -40);
}

// Along a line over the boxes, which are entered and left.
async function point(round) {
  const y = stage.y + 60 + ((round * 97) % (stage.height - 90));
  await tab.mouse.move(stage.x + 20, y);
  await tab.mouse.move(stage.x + stage.width - 20, y, { steps: 40 });
}

const seen = { boxes: await tab.locator(".node").count(), read: {}, whole: {} };
// From where it opens, readable; then all of it in view, when most is drawn.
for (const view of ["read", "whole"]) {
  if (view === "whole") await tab.click("#fit");
  for (const [name, act] of Object.entries({ pan, zoom, point })) {
    seen[view][name] = await measured(act);
    if (view === "whole") await tab.click("#fit");
  }
}
await browser.close();
console.log(JSON.stringify(seen));
