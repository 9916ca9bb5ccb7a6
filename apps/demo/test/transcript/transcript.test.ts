import { describe, expect, test } from 'vitest';
import { Bindings } from './bindings.ts';
import { parseTranscript } from './transcript.ts';

describe('lines of a transcript', () => {
  const parse = (...lines: string[]) => parseTranscript(lines.join('\n'), 'some.transcript.txt');

  test('start, type, expect, for the node and for named programs', () => {
    const { steps } = parse(
      '# comment',
      '$ skynet start=test',
      '',
      '> test',
      '[:01] hello',
      '@client1 $ socketclient 8001',
      '@client1 > helloworld',
      '@client1 < HELLOWORLD',
      '@client1 ^C',
    );
    expect(steps).toEqual([
      { kind: 'start', program: 'skynet', command: ['skynet', 'start=test'], boot: false, at: 2 },
      { kind: 'type', program: 'skynet', text: 'test', at: 4 },
      { kind: 'expect', program: 'skynet', line: '[:01] hello', at: 5 },
      { kind: 'start', program: 'client1', command: ['socketclient', '8001'], boot: false, at: 6 },
      { kind: 'type', program: 'client1', text: 'helloworld', at: 7 },
      { kind: 'expect', program: 'client1', line: 'HELLOWORLD', at: 8 },
      { kind: 'key', program: 'client1', key: '^C', at: 9 },
    ]);
  });

  test('boot lines belong to the transcript when a start is followed by a line', () => {
    const { steps } = parse('$ skynet', '[:01000001] LAUNCH logger');
    expect(steps[0]).toMatchObject({ kind: 'start', boot: true });
  });

  test('a difference gives our line for that of the book, and must have a name', () => {
    const { steps, differences } = parse(
      '! error-text',
      '- [:01] theirs',
      '- more of theirs',
      '+ [:01] ours',
    );
    expect(steps).toEqual([{ kind: 'expect', program: 'skynet', line: '[:01] ours', at: 4 }]);
    expect([...differences]).toEqual(['error-text']);
    expect(() => parse('[:01] a', '+ [:01] b')).toThrow(
      'some.transcript.txt:2: a difference needs a line "! name"',
    );
  });

  test('an interleaved block keeps its lines together', () => {
    const { steps } = parse('@interleaved', '[:01] a', '[:02] b', '@end');
    expect(steps).toMatchObject([{ kind: 'interleaved', lines: ['[:01] a', '[:02] b'], program: 'skynet' }]);
  });

  test.each([
    ['what is this', 'not a line of a transcript'],
    ['@end', 'nothing to end here'],
    ['@interleaved', 'no @end'],
    ['- theirs', 'a difference needs a line "! name"'],
  ])('refuses %s', (line, why) => {
    expect(() => parse(line)).toThrow(why);
  });
});

describe('comparison of lines', () => {
  test('a handle of the book is always the same handle of ours', () => {
    const bindings = new Bindings();
    expect(bindings.matches('[:01000010] new :01000012', '[:0100000b] new :0100000c')).toBe(true);
    expect(bindings.matches('[:01000010] KILL :1000012', '[:0100000b] KILL :100000c')).toBe(true);
    expect(bindings.matches('[:01000010] KILL self', '[:0100000c] KILL self')).toBe(false);
    expect(bindings.matches('[:01000019] KILL self', '[:0100000b] KILL self')).toBe(false);
    expect(
      bindings.matches('lua call [1000010 to :1000012 : 2 msgsz', 'lua call [100000b to :100000c : 2 msgsz'),
    ).toBe(true);
  });

  test('two handles of the book in one line are two of ours', () => {
    expect(new Bindings().matches(':01000010 :01000012', ':0100000b :0100000b')).toBe(false);
    expect(new Bindings().matches(':01000010 :01000010', ':0100000b :0100000c')).toBe(false);
  });

  test('what is typed names our handles and descriptors', () => {
    const bindings = new Bindings();
    expect(bindings.toOurs('kick :01000012 {9}')).toBe('kick :01000012 9');
    bindings.matches('[:01000012] fd: 9 connect', '[:0100000c] fd: 3 connect');
    expect(bindings.toOurs('kick :01000012 {9}')).toBe('kick :0100000c 3');
  });

  test('a line that does not match binds nothing', () => {
    const bindings = new Bindings();
    expect(bindings.matches('[:01000010] a', '[:0100000b] b')).toBe(false);
    expect(bindings.matches('[:01000010] a', '[:0100000c] a')).toBe(true);
  });

  test('tasks, peers and descriptors are bound, other numbers compared', () => {
    const bindings = new Bindings();
    expect(bindings.matches('start thread: 0x7f68', 'start thread: 0x0001')).toBe(true);
    expect(bindings.matches('fork thread: 0x7f68', 'fork thread: 0x0002')).toBe(false);
    expect(bindings.matches('127.0.0.1:41644 accepted', '127.0.0.1:50000 accepted')).toBe(true);
    expect(bindings.matches('127.0.0.1:41644 gone', '127.0.0.1:50001 gone')).toBe(false);
    expect(bindings.matches('fd: 9 connect', 'fd: 1 connect')).toBe(true);
    expect(bindings.matches('session 2', 'session 3')).toBe(false);
  });

  test('{n} is any number, … any text', () => {
    const bindings = new Bindings();
    expect(bindings.matches('now {473}', 'now 12.5')).toBe(true);
    expect(bindings.matches('now {473}', 'now nil')).toBe(false);
    expect(bindings.matches('error : …failed…', 'error : Error: call failed: gone')).toBe(true);
    expect(bindings.matches('a.b (c)', 'a.b (c)')).toBe(true);
    expect(bindings.matches('a.b', 'axb')).toBe(false);
  });
});
