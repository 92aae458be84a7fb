// An OpenID provider in Keycloak's URL layout, on 127.0.0.1, for the tests. See README.md.
import { createServer } from 'node:http';
import { once } from 'node:events';

// The provider's clock is the tests': real time plus an offset they set.
let offset = 0;
const RealDate = Date;
globalThis.Date = class extends RealDate {
  constructor(...given) {
    if (given.length) super(...given);
    else super(RealDate.now() + offset);
  }
  static now() {
    return RealDate.now() + offset;
  }
};

const { default: Provider, errors } = await import('oidc-provider');
const { createLocalJWKSet, exportJWK, generateKeyPair, jwtVerify } = await import('jose');

const PREFIX = '/auth/realms/test';
const OPENID = '/protocol/openid-connect';
const DEVICE_CODE = 'urn:ietf:params:oauth:grant-type:device_code';
const TOKEN_EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
const ACCESS_TOKEN_SECONDS = 300;
const DEVICE_CODE_SECONDS = 600;
const API = 'provena-api';
const MCP_SERVER = 'http://127.0.0.1/mcp';
const SCOPES = 'openid offline_access provena:read provena:write';

const DEFAULT_ROLES = ['default-roles-test', 'offline_access', 'uma_authorization'];
const READ = ['entity-registry-read', 'job-service-read', 'handle-read'];
const WRITE = [...READ, 'entity-registry-write', 'job-service-write'];
const ADMIN = [...WRITE, 'entity-registry-admin', 'job-service-admin'];
const ROLES = { noroles: [], reader: READ, writer: WRITE, writer2: WRITE, admin: ADMIN };

const server = createServer(handle);
server.listen(Number(process.env.PORT ?? 0), '127.0.0.1');
await once(server, 'listening');
const issuer = `http://127.0.0.1:${server.address().port}${PREFIX}`;

// To find one takes longer than most tests. A realm that begins anew may sign with the key that it had at first.
const firstKey = await newKey();
let settings;
let keys;
let provider;
let requests;
let lastPoll;
await reset();
process.stdout.write(`${JSON.stringify({ issuer })}\n`);
process.stdin.on('end', () => process.exit(0)).resume();

async function reset() {
  offset = 0;
  settings = { rotateRefreshTokens: true, refreshTokenSeconds: 1800, pollSeconds: 5, down: false, mcpServer: MCP_SERVER };
  requests = [];
  lastPoll = new Map();
  keys = [firstKey];
  provider = makeProvider();
}

async function newKey() {
  const { privateKey } = await generateKeyPair('RS256', { extractable: true });
  return { ...(await exportJWK(privateKey)), alg: 'RS256', use: 'sig', kid: crypto.randomUUID() };
}

function claimsOf(username) {
  const claims = { preferred_username: username, email: `${username}@example.org` };
  // A user named "bare" has a token without Keycloak's roles structure.
  return username === 'bare' ? claims : { ...claims, realm_access: { roles: [...DEFAULT_ROLES, ...(ROLES[username] ?? [])] } };
}

function makeProvider() {
  const made = new Provider(issuer, {
    clients: [
      publicClient('client-tools', 'openid offline_access'),
      publicClient('session-only', 'openid'),
      {
        ...publicClient('automation', 'openid'),
        client_secret: 'automation-secret-not-to-be-shown',
        token_endpoint_auth_method: 'client_secret_post',
        grant_types: ['client_credentials'],
      },
      {
        ...publicClient('provena-mcp', 'openid'),
        client_secret: 'exchange-secret-not-to-be-shown',
        token_endpoint_auth_method: 'client_secret_post',
        grant_types: [TOKEN_EXCHANGE],
      },
      { ...publicClient('mcp-host', 'openid offline_access') },
      {
        ...publicClient('desktop-host', SCOPES),
        application_type: 'native',
        grant_types: ['authorization_code'],
        redirect_uris: ['http://127.0.0.1/callback'],
        response_types: ['code'],
      },
    ],
    jwks: { keys },
    routes: {
      authorization: `${OPENID}/auth`,
      device_authorization: `${OPENID}/auth/device`,
      token: `${OPENID}/token`,
      jwks: `${OPENID}/certs`,
      revocation: `${OPENID}/revoke`,
      introspection: `${OPENID}/token/introspect`,
      userinfo: `${OPENID}/userinfo`,
      end_session: `${OPENID}/logout`,
      code_verification: '/device',
    },
    cookies: { keys: ['not a secret'] },
    clockTolerance: 15,
    scopes: SCOPES.split(' '),
    features: {
      // Hosts register themselves, as a realm lets them whose policies allow it.
      registration: { enabled: true },
      deviceFlow: { enabled: true },
      clientCredentials: { enabled: true },
      revocation: { enabled: true },
      resourceIndicators: {
        enabled: true,
        // What an access token is for: the API, unless the client names this test's MCP server.
        defaultResource: (_ctx, client) => (client.clientId === 'mcp-host' ? MCP_SERVER : `urn:${API}`),
        useGrantedResource: () => true,
        getResourceServerInfo: (_ctx, resource) => ({
          scope: SCOPES,
          audience: resource.replace('urn:', ''),
          accessTokenTTL: ACCESS_TOKEN_SECONDS,
          accessTokenFormat: 'jwt',
          jwt: { sign: { alg: 'RS256' } },
        }),
      },
    },
    findAccount: (_ctx, username) => ({ accountId: username, claims: () => ({ sub: username }) }),
    extraTokenClaims: (_ctx, token) => claimsOf(token.accountId ?? `service-account-${token.clientId}`),
    issueRefreshToken: (_ctx, client) => client.grantTypeAllowed('refresh_token'),
    rotateRefreshToken: () => settings.rotateRefreshTokens,
    ttl: {
      AccessToken: ACCESS_TOKEN_SECONDS,
      ClientCredentials: ACCESS_TOKEN_SECONDS,
      DeviceCode: DEVICE_CODE_SECONDS,
      RefreshToken: () => settings.refreshTokenSeconds,
      Grant: 86_400,
      IdToken: ACCESS_TOKEN_SECONDS,
      Interaction: 3600,
      Session: 86_400,
    },
  });
  made.registerGrantType(TOKEN_EXCHANGE, exchange, ['subject_token', 'subject_token_type', 'audience', 'requested_token_type']);
  made.use(asKeycloak);
  return made;
}

function publicClient(client_id, scope) {
  return {
    client_id,
    scope,
    token_endpoint_auth_method: 'none',
    grant_types: [DEVICE_CODE, 'refresh_token'],
    redirect_uris: [],
    response_types: [],
  };
}

// RFC 8693, as a Keycloak with token exchange switched on: a caller's token for this server -> one for the API.
async function exchange(ctx) {
  const { subject_token: subject, subject_token_type: type, audience } = ctx.oidc.params;
  if (!subject || type !== 'urn:ietf:params:oauth:token-type:access_token') throw new errors.InvalidRequest('no access token to exchange');
  if (audience !== API) throw new errors.InvalidTarget();
  const certs = createLocalJWKSet({ keys: keys.map(({ kty, n, e, alg, use, kid }) => ({ kty, n, e, alg, use, kid })) });
  let payload;
  try {
    ({ payload } = await jwtVerify(subject, certs, { issuer, audience: settings.mcpServer, algorithms: ['RS256'] }));
  } catch {
    throw new errors.InvalidGrant('subject_token is not valid');
  }
  const token = new ctx.oidc.provider.AccessToken({
    accountId: payload.sub, client: ctx.oidc.client, gty: TOKEN_EXCHANGE, grantId: crypto.randomUUID(), scope: 'openid',
  });
  token.resourceServer = new ctx.oidc.provider.ResourceServer(`urn:${API}`, {
    scope: 'openid', audience: API, accessTokenTTL: ACCESS_TOKEN_SECONDS, accessTokenFormat: 'jwt', jwt: { sign: { alg: 'RS256' } },
  });
  ctx.body = {
    access_token: await token.save(),
    issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
    token_type: 'Bearer',
    expires_in: ACCESS_TOKEN_SECONDS,
  };
}

// What Keycloak does and oidc-provider leaves to others: an interval, slow_down, refresh_expires_in.
async function asKeycloak(ctx, next) {
  await next();
  const { body } = ctx;
  if (body?.device_code) body.interval = settings.pollSeconds;
  if (body?.refresh_token) body.refresh_expires_in = settings.refreshTokenSeconds;
}

async function handle(request, response) {
  const { pathname } = new URL(request.url, issuer);
  if (pathname.startsWith('/__')) return control(pathname.slice(3), request, response);
  if (!pathname.startsWith(PREFIX)) return json(response, 404, { error: 'not found' });
  if (settings.down) return request.socket.destroy();
  request.originalUrl = request.url;
  request.url = request.url.slice(PREFIX.length) || '/';
  if (request.method === 'POST' && pathname.includes(OPENID)) {
    const text = await read(request);
    const form = new URLSearchParams(text);
    requests.push({ path: pathname.slice((PREFIX + OPENID).length), ...Object.fromEntries(form) });
    if (polledTooSoon(form)) return json(response, 400, { error: 'slow_down', error_description: 'Slow down' });
    request.body = Object.fromEntries(form);
  }
  return provider.callback()(request, response);
}

function polledTooSoon(form) {
  if (form.get('grant_type') !== DEVICE_CODE) return false;
  const code = form.get('device_code');
  const before = lastPoll.get(code);
  lastPoll.set(code, Date.now());
  return before !== undefined && Date.now() - before < settings.pollSeconds * 1000;
}

async function control(command, request, response) {
  const given = JSON.parse((await read(request)) || '{}');
  if (command === 'reset') await reset();
  else if (command === 'advance') offset += given.seconds * 1000;
  else if (command === 'settings') Object.assign(settings, given);
  else if (command === 'rotate-keys') {
    keys = given.retire ? [await newKey()] : [await newKey(), ...keys];
    provider = makeProvider();
  } else if (command !== 'requests') return json(response, 404, {});
  return json(response, 200, { now: Date.now() / 1000, requests });
}

async function read(request) {
  let text = '';
  for await (const chunk of request) text += chunk;
  return text;
}

function json(response, status, body) {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
