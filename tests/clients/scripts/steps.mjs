// Six steps that each client takes; what came of them is printed as one line of JSON. As steps.py.

import { readFileSync } from 'node:fs';

export const QUESTIONS = JSON.parse(readFileSync(new URL('questions.json', import.meta.url), 'utf8'));

export function versionOf(name) {
  return JSON.parse(readFileSync(new URL(`node_modules/${name}/package.json`, import.meta.url), 'utf8')).version;
}

export class Steps {
  constructor(packageName) {
    this.version = versionOf(packageName);
    this.outcomes = {};
  }

  note(step, failed = null) {
    this.outcomes[step] = failed === null ? 'ok' : failed.replace(/\s+/g, ' ').slice(0, 300);
  }

  async take(step, action) {
    try {
      const made = await action();
      this.note(step);
      return made;
    } catch (error) {
      this.note(step, String(error));
      return undefined;
    }
  }

  async ask(step, call) {
    const { tool, arguments: given } = QUESTIONS[step];
    try {
      this.expect(step, await call(tool, given));
    } catch (error) {
      this.note(step, String(error));
    }
  }

  expect(step, text) {
    const { says } = QUESTIONS[step];
    this.note(step, text.includes(says) ? null : `does not say '${says}': ${text.slice(0, 150)}`);
  }

  expectListed(names) {
    const missing = QUESTIONS.listed.filter((name) => !names.includes(name));
    this.note('list', missing.length ? `${missing.join(', ')} missing` : null);
  }

  show() {
    console.log(JSON.stringify({ version: this.version, steps: this.outcomes }));
  }
}
