// What both generations of the TypeScript SDK are asked for.

import { QUESTIONS, Steps } from './steps.mjs';

export async function useSdk(packageName, Client, Transport) {
  const steps = new Steps(packageName);
  const client = new Client({ name: 'matrix', version: '1' });
  await client.connect(new Transport(new URL(process.argv[2])));
  const listed = await steps.take('list', () => client.listTools());
  steps.expectListed((listed?.tools ?? []).map((tool) => tool.name));
  for (const step of ['success', 'failure', 'preview']) {
    await steps.ask(step, async (tool, given) => {
      const result = await client.callTool({ name: tool, arguments: given });
      if (Boolean(result.isError) !== (step === 'failure')) throw new Error(`isError: ${result.isError}`);
      return result.content.map((block) => block.text).join('');
    });
  }
  const read = await steps.take('document', () => client.readResource({ uri: QUESTIONS.document.uri }));
  if (read) steps.expect('document', read.contents[0].text);
  await client.close();
  steps.show();
}
