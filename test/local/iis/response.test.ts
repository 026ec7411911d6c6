import { once } from 'node:events';
import { existsSync, writeFileSync } from 'node:fs';
import * as http from 'node:http';
import { connect } from 'node:net';
import { appOutput, closeSites, echo, openSite, send, until } from './support';

afterEach(closeSites);

describe('a response as the client sees it', () => {
  it('has status, reason and repeated headers of the app, and nothing of the pipe', async () => {
    const { site } = await openSite();
    const reply = await send(site, '/twice');
    expect(reply).toMatchObject({ status: 201, reason: 'Made Here', body: 'made' });
    expect(reply.headers['set-cookie']).toEqual(['a=1', 'b=2']);
    expect(reply.headers['server']).toBe('Microsoft-IIS/10.0');
    // The app's pipe is kept alive; the client asked for a close and must not be told otherwise.
    expect(reply.headers.connection).toBe('close');
    expect(reply.headers['keep-alive']).toBe('timeout=5');
  });

  it('says nothing about its connection where the client keeps it, and takes the next request on it', async () => {
    const { site } = await openSite({ options: { environment: { USE_LISTEN: '1' } } });
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    const ports = new Set<number | undefined>();
    for (const path of ['/one', '/two']) {
      const request = http.get(`${site.url}${path}`, { agent });
      const [response] = (await once(request, 'response')) as [http.IncomingMessage];
      ports.add(request.socket?.localPort);
      expect(response.headers).not.toHaveProperty('connection');
      expect(response.headers).not.toHaveProperty('keep-alive');
      response.resume();
      await once(response, 'end');
    }
    expect(ports.size).toBe(1);
    agent.destroy();
  });

  it('has the body of the app where errors are passed through, else that of IIS', async () => {
    const through = await openSite();
    expect(await send(through.site, '/refused')).toMatchObject({ status: 403, body: '{"status":403}' });

    const replaced = await openSite({ existingResponse: 'Auto' });
    const reply = await send(replaced.site, '/refused');
    expect(reply).toMatchObject({
      status: 403,
      headers: { 'content-type': 'text/html; charset=utf-8', 'x-reason': 'kept' },
    });
    expect(reply.body).toContain('<h1>403 Forbidden</h1>');
    expect((await send(replaced.site, '/bin/x')).body).toContain('<h1>404 Not Found</h1>');
    // The pipe can still be used: the body that was replaced did not stay in it.
    expect((await echo(replaced.site, '/next')).url).toBe('/next');
  });

  it('answers HEAD without a body', async () => {
    const { site } = await openSite();
    expect(await send(site, '/twice', { method: 'HEAD' })).toMatchObject({ status: 201, body: '' });
    expect((await echo(site, '/next')).url).toBe('/next');
  });

  it('comes piece by piece where flushResponse is on', async () => {
    const { site, releaseFile } = await openSite({ iisnode: { flushResponse: 'true' } });
    const response = await get(`${site.url}/drip`);
    const chunks: string[] = [];
    response.on('data', (chunk: string) => {
      chunks.push(chunk);
      // The app sends the rest only when the first piece has arrived here.
      writeFileSync(releaseFile, '');
    });
    await once(response, 'end');
    expect(chunks).toEqual(['first', 'last']);
  });

  it('comes whole where it is off', async () => {
    const { site, releaseFile } = await openSite();
    let answered = false;
    const reply = send(site, '/drip').finally(() => (answered = true));
    await echo(site, '/other');
    expect(answered).toBe(false);
    writeFileSync(releaseFile, '');
    expect((await reply).body).toBe('firstlast');
  });

  it('that the client does not wait for is logged as such, and its pipe is not used again', async () => {
    const { site, log, releaseFile } = await openSite({ iisnode: { flushResponse: 'true' } });
    const response = await get(`${site.url}/drip`);
    response.destroy();
    // By the time that this is answered, the server has noticed.
    await echo(site, '/other');
    writeFileSync(releaseFile, '');
    const abandoned = async (): Promise<boolean> => (await log()).some((line) => line['sc-win32-status'] === '64');
    await until(abandoned);
    expect((await echo(site, '/next')).url).toBe('/next');
  });
});

describe('what iisnode cannot carry', () => {
  it('takes an early hint for the response, and gives the real one to the next request', async () => {
    const { site, log } = await openSite();
    const first = await rawReply(site.port, 'GET /hints HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
    expect(first).toMatch(/^HTTP\/1\.1 103 /);
    expect((await send(site, '/somebody-else')).body).toBe('after the hints');
    expect((await log()).map((line) => [line['cs-uri-stem'], line['sc-status']])).toEqual([
      ['/hints', '103'],
      ['/somebody-else', '200'],
    ]);
  });

  it('leaves trailers in the pipe, where they break the next response', async () => {
    const { site, log } = await openSite();
    expect((await send(site, '/trailers')).body).toBe('body');
    expect((await send(site, '/somebody-else')).status).toBe(500);
    expect((await log())[1]).toMatchObject({ 'sc-status': '500', 'sc-substatus': '1013' });
  });

  it('meets neither from an app that starts with listen()', async () => {
    const { site } = await openSite({ options: { environment: { USE_LISTEN: '1' } } });
    expect(await send(site, '/hints')).toMatchObject({ status: 200, body: 'after the hints' });
    expect((await send(site, '/trailers')).body).toBe('body');
    expect((await echo(site, '/next')).url).toBe('/next');
  });
});

describe('the keep-alive race', () => {
  // The app blocks its event loop after the first response, longer than its keep-alive timer and the second that newer
  // versions of Node add. The next request is in the pipe when the loop goes on, and the timer comes first.
  const race = async (
    environment: Record<string, string>,
  ): Promise<{ status: number; substatus: string | undefined }> => {
    const { site, log } = await openSite({ options: { environment } });
    await send(site, '/block');
    const { status } = await send(site, '/next');
    return { status, substatus: (await log())[1]?.['sc-substatus'] };
  };

  it('breaks a request on a pipe that node is about to close', async () => {
    expect(await race({ KEEP_ALIVE_MS: '50' })).toEqual({ status: 500, substatus: '1013' });
  });

  it('is not there for an app that starts with listen()', async () => {
    expect(await race({ USE_LISTEN: '1' })).toEqual({ status: 200, substatus: '0' });
  });

  it('is not there for a pipe that node has closed already: the write fails and is tried again', async () => {
    const { site, closedFile } = await openSite({ options: { environment: { KEEP_ALIVE_MS: '1' } } });
    const { pid } = await echo(site, '/first');
    await until(() => existsSync(closedFile));
    expect((await echo(site, '/second')).pid).toBe(pid);
  });
});

describe('faults of iisnode', () => {
  it('are 500 without a body where devErrorsEnabled is off', async () => {
    const { site, log } = await openSite({ app: 'ends-at-once.js' });
    const reply = await send(site, '/', { headers: ['X-Correlation-Id', 'sent'] });
    expect(reply).toMatchObject({ status: 500, body: '', headers: { 'cache-control': 'no-cache' } });
    expect((await log())[0]).toMatchObject({
      'sc-status': '500',
      'sc-substatus': '1002',
      'cs-correlation-id': 'sent',
      'sc-correlation-id': '-',
    });
  });

  it('are a page with status 200 and the standard error of the app where it is on', async () => {
    const { site, log } = await openSite({ app: 'ends-at-once.js', iisnode: { devErrorsEnabled: 'true' } });
    const reply = await send(site, '/');
    expect(reply.status).toBe(200);
    expect(reply.body).toContain('HTTP subStatus: 1002');
    expect(reply.body).toContain('no database');
    expect((await log())[0]).toMatchObject({ 'sc-status': '200', 'sc-substatus': '0', 'sc-win32-status': '0' });
  });

  it('are 500.1013 for what is no HTTP, and for an app that throws', async () => {
    const { site, log } = await openSite();
    expect((await send(site, '/bad')).status).toBe(500);
    expect((await send(site, '/crash')).status).toBe(500);
    expect((await log()).map((line) => line['sc-substatus'])).toEqual(['1013', '1013']);
    expect(appOutput(site, 'stderr').text).toMatch(/out of order\r\n[^]*lab\.js/);
    expect((await echo(site, '/next')).url).toBe('/next');
  });

  it('are 500.1001 where the app never listens', async () => {
    const { site, log } = await openSite({
      iisnode: { maxNamedPipeConnectionRetry: '2' },
      options: { environment: { NODE_OPTIONS: `--require ${__dirname}/fixtures/never-listens.js` } },
    });
    expect((await send(site, '/')).status).toBe(500);
    expect((await log())[0]).toMatchObject({ 'sc-substatus': '1001', 'sc-win32-status': '2' });
  });

  it('are 503.1002 where the process has its fill, and 500.1005 for headers beyond the buffer', async () => {
    const { site, log, releaseFile } = await openSite({
      iisnode: { maxConcurrentRequestsPerProcess: '1', maxRequestBufferSize: '600' },
    });
    const waiting = send(site, '/drip');
    await echo(site, '/first').catch(() => undefined);
    expect((await send(site, '/second')).status).toBe(503);
    writeFileSync(releaseFile, '');
    expect((await waiting).body).toBe('firstlast');
    expect((await send(site, '/third', { headers: ['X-Long', 'x'.repeat(600)] })).status).toBe(500);
    const lines = await log();
    expect(lines.find((line) => line['cs-uri-stem'] === '/second')).toMatchObject({
      'sc-status': '503',
      'sc-substatus': '1002',
      'sc-win32-status': '1816',
    });
    expect(lines.at(-1)).toMatchObject({ 'sc-substatus': '1005' });
  });
});

/** A response whose head has arrived. */
async function get(url: string): Promise<http.IncomingMessage> {
  const request = http.get(url, { agent: false });
  const [response] = (await once(request, 'response')) as [http.IncomingMessage];
  return response.setEncoding('utf8');
}

/** Everything that comes back until the server closes. */
function rawReply(port: number, request: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(request));
    socket.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
    socket.once('error', reject).once('close', () => resolve(text));
  });
}
