// The TypeScript SDK 2.x.

import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { useSdk } from './typescript_sdk.mjs';

await useSdk('@modelcontextprotocol/client', Client, StreamableHTTPClientTransport);
