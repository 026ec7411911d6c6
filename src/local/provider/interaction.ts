import type { IncomingMessage, ServerResponse } from 'node:http';

import type { Provider } from 'oidc-provider';

import { readBody } from '../request-body';
import type { Directory } from './directory';
import { LOGIN_PAGE_HEADERS, loginPage } from './login-page';

/** Where the provider sends a browser to have its user sign in; the rest of the path is the interaction's ID. */
export const INTERACTION_PATH = '/interaction/';

/** Largest form that is read, in bytes: two short fields. */
const MAX_FORM_BYTES = 8 * 1024;

/** Shows the login page, and takes its form: a right password ends the interaction, a wrong one shows the page again. */
export async function handleInteraction(
  provider: Provider,
  directory: Directory,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { prompt, params } = await provider.interactionDetails(request, response);
  if (prompt.name !== 'login') throw new Error(`There is no page for the prompt "${prompt.name}".`);
  const clientId = String(params['client_id']);
  if (request.method !== 'POST') {
    response.writeHead(200, LOGIN_PAGE_HEADERS).end(loginPage(clientId, false));
    return;
  }
  const form = await readForm(request);
  const user = directory.signIn(form.get('username') ?? '', form.get('password') ?? '');
  if (user === undefined) {
    response.writeHead(401, LOGIN_PAGE_HEADERS).end(loginPage(clientId, true));
    return;
  }
  await provider.interactionFinished(request, response, {
    login: { accountId: user.subject, acr: '1', amr: ['pwd'] },
  });
}

async function readForm(request: IncomingMessage): Promise<URLSearchParams> {
  const { bytes } = await readBody(request, MAX_FORM_BYTES);
  if (bytes === undefined) throw new Error('The form is too large.');
  return new URLSearchParams(bytes.toString('utf8'));
}
