// The TypeScript SDK 1.x: checks every structured result against its schema, those of errors too.

import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { useSdk } from './typescript_sdk.mjs';

await useSdk('@modelcontextprotocol/sdk', Client, StreamableHTTPClientTransport);
