import { LineBuffer } from '../../src/logging/line-buffer';

const make = (maxLength = 1000): LineBuffer => new LineBuffer(maxLength, (count) => `lost ${count}`);
const textOf = (buffer: LineBuffer): string | undefined => buffer.take()?.bytes.toString();

describe('LineBuffer', () => {
  it('gives all that waits, once', () => {
    const buffer = make();
    buffer.add('a', false);
    buffer.add('b', true);
    expect([buffer.length, textOf(buffer), textOf(buffer), buffer.length]).toEqual([4, 'a\nb\n', undefined, 0]);
  });

  it('takes a line that is longer than all that may wait where nothing waits', () => {
    const buffer = make(3);
    expect([buffer.add('12345', false), buffer.add('1', false)]).toEqual([true, false]);
  });

  it('says how many lines were lost, after those that were not', () => {
    const buffer = make();
    buffer.add('a', false);
    buffer.countLost();
    buffer.countLost();
    expect([textOf(buffer), buffer.isEmpty]).toEqual(['a\nlost 2\n', true]);
  });

  // The lines of the batch are a (2 bytes), ä! (4, kept), c (2), d (2, kept) and "lost 1".
  it.each([
    ['nothing', 0, 'ä!\nd\nlater\nlost 3\n'],
    ['one line', 2, 'ä!\nd\nlater\nlost 2\n'],
    ['half a line that is kept', 3, '\nä!\nd\nlater\nlost 2\n'],
    ['two lines', 6, 'd\nlater\nlost 2\n'],
    ['half a line that is not kept', 7, '\nd\nlater\nlost 2\n'],
    ['all but the line about lost ones', 10, 'later\nlost 1\n'],
  ])('of a batch of which %s was written, keeps what is to be kept', (_what, written, expected) => {
    const buffer = make();
    buffer.add('a', false);
    buffer.add('ä!', true);
    buffer.add('c', false);
    buffer.add('d', true);
    buffer.countLost();
    const batch = buffer.take()!;
    buffer.add('later', false);
    buffer.putBack(batch, written);
    expect(textOf(buffer)).toBe(expected);
  });

  it('keeps them through any number of failures', () => {
    const buffer = make();
    buffer.add('kept', true);
    for (let i = 0; i < 3; i++) {
      buffer.add(`plain ${i}`, false);
      buffer.putBack(buffer.take()!, 0);
    }
    buffer.add('kept too', true);
    buffer.putBack(buffer.take()!, 0);
    expect(textOf(buffer)).toBe('kept\nkept too\nlost 3\n');
  });
});
