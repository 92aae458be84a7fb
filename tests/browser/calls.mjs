// Makes requests from a page, as its scripts would, and prints what the page gets to see of each answer.
import { chromium } from "playwright-core";

const [executablePath, page, requests] = process.argv.slice(2);
const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
const tab = await browser.newPage();
await tab.goto(page);
const seen = await tab.evaluate(async (all) => {
  const answers = [];
  for (const { url, ...options } of all) {
    try {
      const answer = await fetch(url, options);
      const headers = Object.fromEntries(answer.headers);
      answers.push({ status: answer.status, headers, text: await answer.text() });
    } catch (error) {
      answers.push({ status: null, headers: {}, text: String(error) });
    }
  }
  return answers;
}, JSON.parse(requests));
await browser.close();
console.log(JSON.stringify(seen));
