// An MCP host of the official TypeScript SDK that knows nothing but the server's address: it finds the realm,
// registers itself unless it is given a client's id, sends its user to log in, and steps up when a call needs
// more. node host.mjs ADDRESS [CLIENT_ID]. Prints a JSON object a line:
// {"open": url} asks the user to open a page; {"done": ...} says what came of it.
import { createServer } from 'node:http';
import { once } from 'node:events';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { UnauthorizedError } from '@modelcontextprotocol/sdk/client/auth.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';

const [address, clientId] = process.argv.slice(2);
const print = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);

const codes = [];
let arrived = () => {};
const callback = createServer((request, response) => {
  const given = new URL(request.url, 'http://127.0.0.1').searchParams;
  if (!given.has('code')) print({ done: { refused: String(given) } });
  codes.push(given.get('code'));
  response.end('You may close this page.');
  arrived();
}).listen(0, '127.0.0.1');
await once(callback, 'listening');
const redirect = `http://127.0.0.1:${callback.address().port}/callback`;

const asked = [];
const provider = {
  kept: { client: clientId && { client_id: clientId } },
  redirectUrl: redirect,
  clientMetadata: {
    client_name: 'A host',
    redirect_uris: [redirect],
    grant_types: ['authorization_code'],
    response_types: ['code'],
    token_endpoint_auth_method: 'none',
  },
  clientInformation() { return this.kept.client; },
  saveClientInformation(client) { this.kept.client = client; },
  tokens() { return this.kept.tokens; },
  saveTokens(tokens) { this.kept.tokens = tokens; },
  codeVerifier() { return this.kept.verifier; },
  saveCodeVerifier(verifier) { this.kept.verifier = verifier; },
  redirectToAuthorization(url) {
    asked.push(url.searchParams.get('scope'));
    print({ open: url.href });
  },
};

async function code() {
  while (!codes.length) await new Promise((resolve) => { arrived = resolve; });
  return codes.shift();
}

async function connected() {
  const client = new Client({ name: 'host', version: '1' });
  const transport = new StreamableHTTPClientTransport(new URL(address), { authProvider: provider });
  await client.connect(transport);
  return { client, transport };
}

async function call(client, name, args) {
  const result = await client.callTool({ name, arguments: args });
  return { isError: Boolean(result.isError), text: result.content[0].text };
}

let host;
try {
  host = await connected();
} catch (error) {
  if (!(error instanceof UnauthorizedError)) throw error;
  const transport = new StreamableHTTPClientTransport(new URL(address), { authProvider: provider });
  await transport.finishAuth(await code());
  host = await connected();
}
const read = await call(host.client, 'list_items', { limit: 1 });
let written;
try {
  written = await call(host.client, 'register_model_run', { record: {} });
} catch (error) {
  if (!(error instanceof UnauthorizedError)) throw error;
  await host.transport.finishAuth(await code());
  written = await call(host.client, 'register_model_run', { record: {} });
}
const tools = (await host.client.listTools()).tools.length;
await host.client.close();
callback.close();
callback.closeAllConnections();
print({ done: { asked, read, written, tools } });
