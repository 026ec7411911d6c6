import { closeSites, echo, openSite, send } from './support';

afterEach(closeSites);

/** The pairs of a flat header list. */
const pairs = (flat: readonly string[]): string[][] =>
  flat.flatMap((name, index) => (index % 2 === 0 ? [[name, flat[index + 1] ?? '']] : []));

describe('a request as the app sees it', () => {
  it('has known headers first, in the order and spelling of http.sys, then the others as they were sent', async () => {
    const { site } = await openSite();
    const seen = await echo(site, '/x', {
      headers: ['x-zeta', '1', 'user-agent', 'lab', 'ACCEPT', '*/*', 'X_Under', '2', 'x-zeta', '3', 'cookie', 'a=1'],
    });
    expect(pairs(seen.rawHeaders)).toEqual([
      ['Connection', 'keep-alive'],
      ['Accept', '*/*'],
      ['Cookie', 'a=1'],
      ['Host', 'app.example'],
      ['User-Agent', 'lab'],
      ['x-zeta', '1'],
      ['X_Under', '2'],
      ['x-zeta', '3'],
      ['X-Original-URL', '/x'],
    ]);
  });

  it('has promoted variables last, in reverse order, after a copy that the client sent', async () => {
    const { site } = await openSite({
      iisnode: { enableXFF: 'true', promoteServerVars: 'AUTH_USER,REMOTE_ADDR, HTTPS,NO_SUCH_THING,UNENCODED_URL' },
    });
    const seen = await echo(site, '/a%2Db?q=%41', {
      headers: ['X-iisnode-AUTH_USER', 'CORP\\root', 'X-Forwarded-For', '6.6.6.6'],
    });
    expect(pairs(seen.rawHeaders).slice(2)).toEqual([
      ['X-iisnode-AUTH_USER', 'CORP\\root'],
      ['X-Forwarded-For', '6.6.6.6, 127.0.0.1'],
      ['X-Original-URL', '/a-b?q=%41'],
      ['X-Forwarded-Proto', 'http'],
      ['X-iisnode-UNENCODED_URL', '/a%2Db?q=%41'],
      ['X-iisnode-REMOTE_ADDR', '127.0.0.1'],
      ['X-iisnode-AUTH_USER', ''],
    ]);
  });

  it('does not append the address where the client sent text that ends with it', async () => {
    const { site } = await openSite({ iisnode: { enableXFF: 'true' } });
    const seen = await echo(site, '/', { headers: ['X-Forwarded-For', '2127.0.0.1', 'X-Forwarded-Proto', 'https'] });
    expect(seen.rawHeaders).toContain('2127.0.0.1');
    expect(seen.rawHeaders).toContain('https');
    expect(seen.rawHeaders).not.toContain('http');
  });

  it.each([
    ['/a/%41%2Fb?q=%2F', '/a/A/b?q=%2F'],
    ['/a/./b/../c', '/a/c'],
    ['/%E2%82%AC', '/?'],
    ['/a%5Cb', '/a/b'],
  ])('has the decoded URL: %s arrives as %s', async (sent, arrived) => {
    const { site } = await openSite();
    expect((await echo(site, sent)).url).toBe(arrived);
  });

  it.each(['/a%20b', '/caf%C3%A9'])('fails where node refuses the decoded URL: %s', async (path) => {
    const { site, log } = await openSite();
    // Node answers 400 without a length, which iisnode takes for a chunked body that breaks off.
    expect((await send(site, path)).status).toBe(500);
    expect((await log())[0]).toMatchObject({ 'sc-status': '500', 'sc-substatus': '1015', 'sc-win32-status': '109' });
  });

  it.each(['/a%00b', '/a%0d%0aX-Evil:1', '/a%zz'])('is refused by http.sys, and not logged: %s', async (path) => {
    const { site, log } = await openSite();
    expect((await send(site, path)).status).toBe(400);
    await send(site, '/after');
    expect(await log()).toHaveLength(1);
  });

  it('lets the client choose its URL where no rule rewrites, unless the header is denied', async () => {
    const open = await openSite({ rules: '' });
    const spoof = { headers: ['X-Original-URL', '/admin'] };
    expect((await echo(open.site, '/server.js', spoof)).url).toBe('/admin');
    expect((await echo(open.site, '/server.js/sub?a=1')).url).toBe('/server.js/sub?a=1');
    expect((await send(open.site, '/other')).status).toBe(404);

    const filtering =
      '<requestLimits><headerLimits><add header="X-Original-URL" sizeLimit="0" /></headerLimits></requestLimits>';
    const closed = await openSite({ rules: '', filtering });
    expect((await send(closed.site, '/server.js', spoof)).status).toBe(431);
    expect((await echo(closed.site, '/server.js')).url).toBe('/server.js');
  });

  it('has the rewritten URL in place of a client copy', async () => {
    const { site } = await openSite();
    const seen = await echo(site, '/real', { headers: ['x-original-url', '/admin', 'X-Last', '1'] });
    expect(seen.url).toBe('/real');
    expect(pairs(seen.rawHeaders).slice(2)).toEqual([
      ['X-Original-URL', '/real'],
      ['X-Last', '1'],
    ]);
  });

  it('has its body, whole or chunked, and never an Expect', async () => {
    const { site } = await openSite();
    const whole = await echo(site, '/', { method: 'POST', body: 'abc', headers: ['Expect', '100-continue'] });
    expect(whole).toMatchObject({ method: 'POST', body: 'abc' });
    expect(whole.rawHeaders).not.toContain('Expect');
    const chunked = await echo(site, '/', { method: 'PUT', body: ['first,', 'second'] });
    expect(chunked.body).toBe('first,second');
    expect(pairs(chunked.rawHeaders)).toContainEqual(['Transfer-Encoding', 'chunked']);
  });

  it('goes over one pipe after the other request, and over two at the same time', async () => {
    const { site } = await openSite({ app: 'express-app.js', iisnode: { enableXFF: 'true' } });
    const post = (id: string): ReturnType<typeof send> =>
      send(site, `/orders/${id}`, {
        method: 'POST',
        body: `{"item":"${id}"}`,
        headers: ['Content-Type', 'application/json'],
      });
    const replies = [await post('a'), ...(await Promise.all([post('b'), post('c')]))];
    expect(replies.map(({ status, body }) => [status, JSON.parse(body)])).toEqual(
      ['a', 'b', 'c'].map((id) => [201, { id, item: id, via: '127.0.0.1' }]),
    );
  });
});

describe('request filtering', () => {
  it.each([
    ['a hidden segment', '/api/Secret/x', {}, 404, '8'],
    ['one that every server hides', '/bin/x', {}, 404, '8'],
    ['a URL escaped twice', '/a%252Fb', {}, 404, '11'],
    ['a URL that is too long', `/${'a'.repeat(100)}`, {}, 404, '14'],
    ['a query that is too long', `/?${'a'.repeat(100)}`, {}, 404, '15'],
    ['a denied header in any spelling', '/', { headers: ['x-IISNODE-auth_user', 'root'] }, 431, '0'],
    ['a header that is too long', '/', { headers: ['X-Short', '12345'] }, 431, '0'],
    ['a body that is too large', '/', { method: 'POST', body: 'x'.repeat(101) }, 413, '1'],
    ['a chunked body that is too large', '/', { method: 'POST', body: ['x'.repeat(60), 'x'.repeat(60)] }, 413, '1'],
  ])('refuses %s before the app sees it', async (_, path, sending, status, substatus) => {
    const { site, log } = await openSite({
      filtering:
        '<hiddenSegments><add segment="secret" /></hiddenSegments>' +
        '<requestLimits maxAllowedContentLength="100" maxUrl="100" maxQueryString="99"><headerLimits>' +
        '<add header="X-iisnode-AUTH_USER" sizeLimit="0" /><add header="X-Short" sizeLimit="4" />' +
        '</headerLimits></requestLimits>',
    });
    const headers = [...((sending as { headers?: string[] }).headers ?? []), 'X-Correlation-Id', 'sent'];
    const reply = await send(site, path, { ...sending, headers });
    expect(reply).toMatchObject({ status, body: '' });
    expect((await log())[0]).toMatchObject({
      'sc-status': String(status),
      'sc-substatus': substatus,
      'cs-correlation-id': 'sent',
      'sc-correlation-id': '-',
    });
  });

  it('lets the ordinary pass', async () => {
    const { site } = await openSite({
      filtering: '<requestLimits><headerLimits><add header="X-Short" sizeLimit="4" /></headerLimits></requestLimits>',
    });
    expect((await echo(site, '/secretary', { headers: ['X-Short', '1234'] })).url).toBe('/secretary');
  });
});
