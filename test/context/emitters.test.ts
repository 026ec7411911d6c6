import { EventEmitter, once } from 'node:events';
import { createServer, IncomingMessage, request, ServerResponse, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { RequestHandler } from 'express';
import { bindRequest, bindResponse } from '../../src/context/emitters';
import { currentRecord, runInContext } from '../../src/context/storage';
import type { ContextRecord } from '../../src/core/request-context';
import { EXPRESSES } from '../middleware/apps';

const recordOf = (correlationId: string): ContextRecord =>
  ({ context: { correlationId }, logger: {}, audit: {} }) as unknown as ContextRecord;
const current = (): string | undefined => currentRecord()?.context.correlationId;

/** Sends a request and waits for the end of its answer. */
async function ask(server: Server, path: string): Promise<void> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const [answer] = (await once(request({ port, path, agent: false }).end(), 'response')) as [IncomingMessage];
  answer.resume();
  await once(answer, 'close');
  server.close();
  await once(server, 'close');
}

/** Binds request and response, and notes the context of what is emitted from another one. */
const bindAndNote =
  (seen: unknown[]): RequestHandler =>
  (req, res, next) => {
    const mine = recordOf('mine');
    bindRequest(req, mine);
    bindResponse(res, mine);
    const emitters: EventEmitter[] = [req, res];
    for (const emitter of emitters) emitter.on('probe', (...args) => seen.push(current(), ...args));
    res.on('close', () =>
      emitters.forEach((emitter) => runInContext(recordOf('other'), () => emitter.emit('probe', 1))),
    );
    next();
  };

describe('bindRequest() and bindResponse()', () => {
  it('calls the emit that somebody else put on the object', () => {
    const emitter = new EventEmitter();
    const emitted: unknown[] = [];
    const own = emitter.emit.bind(emitter);
    emitter.emit = (...args) => (emitted.push(args[0]), own(...args));
    bindRequest(emitter, recordOf('mine'));
    emitter.once('probe', () => emitted.push(current()));
    expect([emitter.emit('probe'), emitter.emit('probe')]).toEqual([true, false]);
    expect(emitted).toEqual(['probe', 'mine', 'probe']);
  });

  it('works on plain node:http and leaves the prototypes of all alone', async () => {
    const seen: unknown[] = [];
    const handler = bindAndNote(seen) as unknown as (
      req: IncomingMessage,
      res: ServerResponse,
      next: () => void,
    ) => void;
    await ask(
      createServer((req, res) => handler(req, res, () => res.end())),
      '/',
    );
    expect(seen).toEqual(['mine', 1, 'mine', 1]);
    for (const { prototype } of [IncomingMessage, ServerResponse]) expect(Object.hasOwn(prototype, 'emit')).toBe(false);
  });

  it.each(EXPRESSES)('works in an application that is mounted in another, on %s, and after it', async (_, express) => {
    const [app, inner] = [express(), express()];
    const seen: unknown[] = [];
    inner.use(bindAndNote(seen));
    app.use('/inner', inner);
    // The request has left the inner application, and has the outer one's prototype again.
    app.use((_req, res) => void res.end());
    await ask(createServer(app), '/inner/x');
    await ask(createServer(app), '/inner/x');
    expect(seen).toEqual(['mine', 1, 'mine', 1, 'mine', 1, 'mine', 1]);
    for (const { prototype } of [IncomingMessage, ServerResponse]) expect(Object.hasOwn(prototype, 'emit')).toBe(false);
  });
});
