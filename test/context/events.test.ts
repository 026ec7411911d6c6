import { once } from 'node:events';
import { connect } from 'node:net';
import type { Request, Response } from 'express';
import { currentUser } from '../../src/index';
import { appWith, as, eventually, EXPRESSES, listen } from '../middleware/apps';

const requestOf = (user: string, path: string, ...more: string[]): string =>
  [`GET ${path} HTTP/1.1`, 'Host: app', `Txn-Token: ${as({ sub: user })['Txn-Token']}`, ...more, '', ''].join('\r\n');

/** Which user each event saw, by the user whose request it was. */
type Seen = Record<string, Record<string, string | undefined>>;

function watch(seen: Seen, req: Request, res: Response): void {
  const events = (seen[req.user?.subject ?? ''] = {} as Record<string, string | undefined>);
  const note = (name: string) => () => (events[name] = currentUser()?.subject ?? 'nobody');
  for (const name of ['finish', 'close'] as const) res.on(name, note(`res ${name}`));
  req.on('close', note('req close'));
}

describe.each(EXPRESSES)('events of request and response on %s', (_, express) => {
  it('see the own caller, also where requests are pipelined and answered out of turn', async () => {
    const seen: Seen = {};
    let letFirstGo = (): void => {};
    const secondIsReady = new Promise<void>((resolve) => (letFirstGo = resolve));
    const { app } = appWith(express, {
      routes: (made) =>
        made.get('/any/:turn', async (req, res) => {
          watch(seen, req, res);
          if (req.params.turn === 'first') await secondIsReady;
          // Node keeps the second answer until the first one is out.
          res.end();
          letFirstGo();
        }),
    });
    const socket = connect(await listen(app), '127.0.0.1');
    socket.resume();
    socket.write(requestOf('entra:ada', '/any/first') + requestOf('entra:bob', '/any/second', 'Connection: close'));
    await once(socket, 'close');
    const all = (user: string): object => ({ 'res finish': user, 'res close': user, 'req close': user });
    await eventually(() => 'res close' in (seen['entra:bob'] ?? {}));
    expect(seen).toEqual({ 'entra:ada': all('entra:ada'), 'entra:bob': all('entra:bob') });
  });

  it('see the own caller where the client goes away', async () => {
    const seen: Seen = {};
    let reached = false;
    const { app, log } = appWith(express, {
      routes: (made) =>
        made.get('/any/stay', (req, res) => {
          watch(seen, req, res);
          reached = true;
        }),
    });
    const socket = connect(await listen(app), '127.0.0.1');
    socket.write(requestOf('entra:ada', '/any/stay'));
    await eventually(() => reached);
    socket.destroy();
    const [line] = await log.until('request');
    expect(line).toMatchObject({ aborted: true, subject: 'entra:ada' });
    expect(seen).toEqual({ 'entra:ada': { 'res close': 'entra:ada', 'req close': 'entra:ada' } });
  });
});
