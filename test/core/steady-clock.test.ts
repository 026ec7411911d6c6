import { steadyClock } from '../../src/core/clock';

it('a steady clock goes on where the machine’s is set back, and follows it forwards', () => {
  let now = 1000;
  const steady = steadyClock(() => now);
  const after = (time: number): number => {
    now = time;
    return steady();
  };
  expect([1500, 1500, 200, 700, 5700, 0, 1].map(after)).toEqual([1500, 1500, 1500, 2000, 7000, 7000, 7001]);
});
