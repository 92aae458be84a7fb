// The Inspector's command line; its conversion is the strict lint of the schemas, which has to be silent.

import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { QUESTIONS, Steps } from './steps.mjs';

const CLI = fileURLToPath(new URL('node_modules/.bin/mcp-inspector', import.meta.url));
const IS_ERROR = 5;

function run(...parameters) {
  const given = ['--cli', process.argv[2], '--transport', 'http', ...parameters];
  return spawnSync(process.execPath, [CLI, ...given], { encoding: 'utf8', maxBuffer: 1 << 26 });
}

const steps = new Steps('@modelcontextprotocol/inspector');
const listed = run('--method', 'tools/list', '--strict');
steps.expectListed(listed.status === 0 ? JSON.parse(listed.stdout).tools.map((tool) => tool.name) : []);
steps.note('convert', listed.status === 0 && !listed.stderr ? null : `${listed.status}: ${listed.stderr}`);
for (const step of ['success', 'failure', 'preview']) {
  await steps.ask(step, async (tool, given) => {
    const pairs = Object.entries(given).map(
      ([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
    );
    const called = run('--method', 'tools/call', '--tool-name', tool, '--tool-arg', ...pairs);
    if (called.status !== (step === 'failure' ? IS_ERROR : 0)) throw new Error(called.stderr);
    return JSON.parse(called.stdout).content.map((block) => block.text).join('');
  });
}
const read = run('--method', 'resources/read', '--uri', QUESTIONS.document.uri);
steps.expect('document', read.status === 0 ? JSON.parse(read.stdout).contents[0].text : read.stderr);
steps.show();
