// The MCP helpers of the Anthropic SDK for TypeScript, over the TypeScript SDK 1.x.

import { mcpResourceToContent, mcpTools } from '@anthropic-ai/sdk/helpers/beta/mcp';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { QUESTIONS, Steps } from './steps.mjs';

const steps = new Steps('@anthropic-ai/sdk');
const client = new Client({ name: 'matrix', version: '1' });
await client.connect(new StreamableHTTPClientTransport(new URL(process.argv[2])));
const { tools } = await client.listTools();
steps.expectListed(tools.map((tool) => tool.name));
const converted = (await steps.take('convert', async () => mcpTools(tools, client))) ?? [];
for (const step of ['success', 'failure', 'preview']) {
  await steps.ask(step, async (name, given) => {
    const tool = converted.find((each) => each.name === name);
    try {
      const blocks = await tool.run(given);
      if (step === 'failure') throw new Error('no error was raised');
      return JSON.stringify(blocks.map((block) => block.text));
    } catch (error) {
      // The tool runner shows the model the content of a ToolError.
      if (step === 'failure' && error.content) return error.content.map((block) => block.text).join('');
      throw error;
    }
  });
}
const read = await steps.take('document', async () =>
  mcpResourceToContent(await client.readResource({ uri: QUESTIONS.document.uri })),
);
if (read) steps.expect('document', JSON.stringify(read));
await client.close();
steps.show();
