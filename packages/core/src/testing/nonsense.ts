/** Milliseconds after which a call counts as hanging. */
const PATIENCE = 5000;

/** Values that fit nowhere, by name. Each function under test wants a few of them; the rest it has to refuse. */
export const NONSENSE: Readonly<Record<string, unknown>> = {
  undefined: undefined,
  null: null,
  true: true,
  '-1': -1,
  '1.5': 1.5,
  NaN: Number.NaN,
  'a huge number': 2 ** 60,
  'a bigint': 5n,
  'empty text': '',
  'a null byte': '\0',
  'half a character': '\ud800',
  'long text': 'x'.repeat(100_000),
  'a symbol': Symbol('nonsense'),
  'an object': {},
  'an object without prototype': Object.create(null),
  'a list': [[]],
  'a function': (): never => {
    throw new Error('called');
  },
  'a date': new Date(0),
  'a buffer that is no view': new ArrayBuffer(3),
};

/** What a call came to, for the list of {@link uncoded}; undefined when it is as it should be. */
async function complaint(call: () => unknown): Promise<string | undefined> {
  let timer: NodeJS.Timeout | undefined;
  try {
    const hanging = new Promise<string>((resolve) => {
      timer = setTimeout(resolve, PATIENCE, 'hangs');
    });
    const answered = Promise.resolve(call()).then(() => undefined);
    return await Promise.race([answered, hanging]);
  } catch (thrown) {
    const code = (thrown as { code?: unknown } | null | undefined)?.code;
    const isCoded = thrown instanceof Error && typeof code === 'string' && /^ERR_[A-Z_]+$/.test(code);
    // Node has codes of the same shape.
    const isOurs = isCoded && /^(Skynet|Client|Player)Error$/.test(thrown.name) && thrown.message !== '';
    return isOurs ? undefined : `threw ${thrown instanceof Error ? (thrown.stack ?? '') : typeof thrown}`;
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Calls functions with nonsense: each may answer, or fail with an error that has a code; nothing else may happen. Gives
 * a sentence for each call for which that does not hold.
 *
 * @param calls By name: what to do with a value.
 */
export async function uncoded(
  calls: Readonly<Record<string, (value: never) => unknown>>,
  values: Readonly<Record<string, unknown>> = NONSENSE,
): Promise<string[]> {
  const found: string[] = [];
  for (const [name, call] of Object.entries(calls)) {
    for (const [what, value] of Object.entries(values)) {
      const problem = await complaint(() => call(value as never));
      if (problem !== undefined) found.push(`${name} given ${what} ${problem}`);
    }
  }
  return found;
}
