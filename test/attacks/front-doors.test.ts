import { leakOf, recordingLogger } from '../support/recording-logger';
import { testClock } from '../support/invoices';
import { attacks, good } from './bad-tokens';
import { doorPolicy, frontDoors, keyFetch } from './front-doors';

describe.each(frontDoors)('$name', (door) => {
  const knock = async (
    token: string,
  ): Promise<{ seen: unknown; asked: string[]; logger: ReturnType<typeof recordingLogger> }> => {
    const asked: string[] = [];
    const logger = recordingLogger();
    const surroundings = { policy: doorPolicy(), clock: testClock, fetch: keyFetch(asked), logger };
    return { seen: await door.open(surroundings)(token), asked, logger };
  };

  it('lets a good token in, and asks for its keys once', async () => {
    const { seen, asked } = await knock(good(door));
    expect(seen).toEqual(door.admitted);
    expect(asked).toEqual([door.keysUrl]);
  });

  it.each(attacks.filter(({ except }) => !except?.(door)))('refuses $name', async (attack) => {
    const token = attack.token(door);
    const { seen, asked, logger } = await knock(token);
    expect(seen).toEqual(door.refused);
    const denied = logger.ofType('audit').filter(({ event }) => event === 'authenticate');
    expect(denied).toEqual([expect.objectContaining({ outcome: 'denied', code: 'token_invalid' })]);
    if (attack.fault !== undefined) expect(denied[0]?.reason).toBe(attack.fault);
    expect(asked.filter((url) => url !== door.keysUrl)).toEqual([]);
    expect(asked.length).toBeLessThanOrEqual(attack.unasked ? 0 : 1);
    expect(leakOf(token, `${JSON.stringify(seen)} ${logger.handed.join('\n')}`)).toBeUndefined();
  });
});
