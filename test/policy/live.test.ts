import { mkdtempSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { LivePolicy, type PolicyChange } from '../../src/policy/live';
import { loadPolicy } from '../../src/policy/load';
import { policyDocument } from '../support/policies';
import { waitFor } from '../support/wait';

const folder = mkdtempSync(path.join(os.tmpdir(), 'baton-live-'));
const file = path.join(folder, 'baton.policy.json');
afterAll(() => rmSync(folder, { recursive: true }));

const write = (document: unknown): void =>
  writeFileSync(file, typeof document === 'string' ? document : JSON.stringify(document));

function open(): { live: LivePolicy; changes: PolicyChange[] } {
  write(policyDocument({ application: 'one' }));
  const live = new LivePolicy(loadPolicy(file, {}), file, {});
  const changes: PolicyChange[] = [];
  live.onChange((change) => changes.push(change));
  return { live, changes };
}

describe('a live policy', () => {
  it('is replaced whole by a good new file', () => {
    const { live, changes } = open();
    const name = live.derive((policy) => policy.application);
    const before = live.current;
    write(policyDocument({ application: 'two' }));
    live.reload();
    expect([live.current.application, name()]).toEqual(['two', 'two']);
    expect(changes).toEqual([{ kind: 'reloaded', policy: live.current, previous: before }]);
    expect(before.application).toBe('one');
  });

  it.each([
    ['is cut off', '{"application": "tw', [{ pointer: '' }]],
    ['is empty', '', [{ pointer: '' }]],
    [
      'has problems',
      { ...policyDocument({}), application: 7, extra: 1 },
      [{ pointer: '/application' }, { pointer: '/extra' }],
    ],
    ['gives a role twice', '{"application":"a","roles":{"r":{},"r":{}}}', [{ pointer: '/roles/r' }]],
  ])('stays as it is where the new file %s, and says why', (_what, document, problems) => {
    const { live, changes } = open();
    const before = live.current;
    write(document);
    live.reload();
    expect(live.current).toBe(before);
    expect(changes).toMatchObject([{ kind: 'refused', error: { code: 'policy_invalid', problems } }]);
  });

  it('stays as it is where the file is gone, and takes the next that comes', () => {
    const { live, changes } = open();
    rmSync(file);
    live.reload();
    expect(changes).toMatchObject([{ kind: 'refused', error: { code: 'policy_missing' } }]);
    write(policyDocument({ application: 'two' }));
    live.reload();
    expect(live.current.application).toBe('two');
  });

  it('stays as it is where something could not be made from the new one: all is replaced, or nothing', () => {
    const { live, changes } = open();
    const name = live.derive((policy) => policy.application);
    live.derive((policy) => {
      if (policy.application === 'two') throw new RangeError('no edge can be made of it');
    });
    write(policyDocument({ application: 'two' }));
    live.reload();
    expect([live.current.application, name()]).toEqual(['one', 'one']);
    expect(changes).toMatchObject([{ kind: 'refused', error: { code: 'internal', cause: expect.any(RangeError) } }]);
  });

  it('throws at once where nothing can be made from the first', () => {
    const { live } = open();
    const fail = (): never => {
      throw new RangeError('no');
    };
    expect(() => live.derive(fail)).toThrow(RangeError);
  });

  it('tells the others, and the truth, where one that is told throws', () => {
    const { live } = open();
    const warned = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    const told: string[] = [];
    live.onChange(() => {
      throw new RangeError('the audit trail cannot be written');
    });
    live.onChange(({ kind }) => told.push(kind));
    write(policyDocument({ application: 'two' }));
    expect(() => live.reload()).not.toThrow();
    write('no JSON');
    expect(() => live.reload()).not.toThrow();
    expect([told, live.current.application]).toEqual([['reloaded', 'refused'], 'two']);
    expect(warned).toHaveBeenCalledTimes(2);
    warned.mockRestore();
  });

  it('sees a file that is written over, and one that is put in its place', async () => {
    const { live } = open();
    live.watch();
    try {
      write(policyDocument({ application: 'over' }));
      // Another time than before, however fast this test is.
      utimesSync(file, new Date(), new Date(Date.now() + 10_000));
      await waitFor('the file that was written over', () => live.current.application === 'over', 10_000);
      writeFileSync(`${file}.new`, JSON.stringify(policyDocument({ application: 'placed' })));
      utimesSync(`${file}.new`, new Date(), new Date(Date.now() + 20_000));
      renameSync(`${file}.new`, file);
      await waitFor('the file that was put in its place', () => live.current.application === 'placed', 10_000);
    } finally {
      live.unwatch();
    }
  });

  it('sees what was written after it was read and before it was watched', async () => {
    const { live } = open();
    write(policyDocument({ application: 'between' }));
    live.watch();
    try {
      await waitFor('the file that came between', () => live.current.application === 'between', 10_000);
    } finally {
      live.unwatch();
    }
  });

  it('tries a file that is refused again, untouched, and says once what is wrong with it', async () => {
    const { live, changes } = open();
    let tries = 0;
    live.derive((policy) => {
      if (policy.application === 'two' && ++tries < 3) throw new RangeError('the key file is not there yet');
    });
    jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'performance'] });
    live.watch();
    write(policyDocument({ application: 'two' }));
    try {
      const tried = async (count: number): Promise<void> => {
        for (let turn = 0; tries < count && turn < 10_000; turn++) await new Promise((done) => setImmediate(done));
        expect(tries).toBe(count);
        await new Promise((done) => setImmediate(done));
      };
      jest.advanceTimersByTime(2000);
      await tried(1);
      jest.advanceTimersByTime(2000);
      await tried(2);
      jest.advanceTimersByTime(4000);
      await tried(3);
      expect(changes).toMatchObject([{ kind: 'refused' }, { kind: 'reloaded' }]);
      expect(live.current.application).toBe('two');
    } finally {
      jest.useRealTimers();
      live.unwatch();
    }
  });

  it('gives what was made for the policy in force to what makes it anew; what a refused one made is nothing', () => {
    const { live } = open();
    const given: (string | undefined)[] = [];
    const made = live.derive<string>((policy, before) => {
      given.push(before);
      if (policy.application === 'bad') throw new RangeError('no');
      return policy.application;
    });
    for (const application of ['bad', 'two', 'three']) {
      write(policyDocument({ application }));
      live.reload();
    }
    expect(given).toEqual([undefined, 'one', 'one', 'two']);
    expect(made()).toBe('three');
  });

  it('has nothing to watch or reload without a file', () => {
    const live = new LivePolicy(loadPolicy(file, {}));
    live.watch();
    live.reload();
    live.unwatch();
    expect(live.current.application).toEqual(expect.any(String));
  });
});
