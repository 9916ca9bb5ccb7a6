/** No more attempts after the first that was refused. */
let isAllowed = true;

/**
 * Makes a function of source text: `code` is a function body that returns it and sees `given` by name. Names and code are
 * the codec's own; what others have chosen, as the keys of objects, stands in it only as {@link textSource}.
 * @returns undefined where the process makes no code of text (`--disallow-code-generation-from-strings`): there the
 *   general way has to do.
 */
export function compile<Made>(given: Readonly<Record<string, unknown>>, code: string): Made | undefined {
  if (!isAllowed) return undefined;
  try {
    return new Function(...Object.keys(given), code)(...Object.values(given)) as Made;
  } catch {
    isAllowed = false;
    return undefined;
  }
}

/** A text as a literal. JSON writes what ends lines, and halves of surrogate pairs, so that they mean themselves. */
export function textSource(text: string): string {
  return JSON.stringify(text);
}

/** An object literal with these keys, in this order, and the variables `v0`, `v1` … as their values. */
export function objectSource(keys: readonly string[]): string {
  // In brackets `__proto__` is a key like any other; without them it would set the prototype.
  const entries = keys.map(
    (key, i) => `${key === '__proto__' ? `[${textSource(key)}]` : textSource(key)}:v${i}`,
  );
  return `{${entries.join(',')}}`;
}
