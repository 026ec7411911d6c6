import { once } from 'node:events';
import { connect } from 'node:net';
import type { Request, Response } from 'express';
import { currentUser } from '../../src/index';
import { appWith, as, eventually, EXPRESSES, listen } from '../middleware/apps';

const requestOf = (user: string, path: string, ...more: string[]): string =>
  [`GET ${path} HTTP/1.1`, 'Host: app', `Txn-Token: ${as({ sub: user })['Txn-Token']}`, ...more, '', ''].join('\r\n');

describe.each(EXPRESSES)('a request that %s hands to another application without mounting it', (_, express) => {
  it('keeps its caller in the events of both, also where requests are pipelined', async () => {
    const seen: Record<string, string | undefined> = {};
    let letFirstGo = (): void => {};
    const secondIsReady = new Promise<void>((resolve) => (letFirstGo = resolve));
    // One application a tenant, chosen by a handler: the request gets the prototype of an application that has no Baton.
    const tenant = express();
    tenant.get('/any/:turn', async (req: Request, res: Response) => {
      res.on('finish', () => (seen[req.params.turn as string] = currentUser()?.subject));
      if (req.params.turn === 'first') await secondIsReady;
      res.end();
      letFirstGo();
    });
    const { app } = appWith(express, { routes: (made) => made.use((req, res, next) => tenant(req, res, next)) });
    const socket = connect(await listen(app), '127.0.0.1');
    socket.resume();
    socket.write(requestOf('entra:ada', '/any/first') + requestOf('entra:bob', '/any/second', 'Connection: close'));
    await once(socket, 'close');
    await eventually(() => 'second' in seen);
    expect(seen).toEqual({ first: 'entra:ada', second: 'entra:bob' });
  });
});
