/** What stands for a secret wherever it would be shown. */
export const HIDDEN = '******';

const SECRET = /token|secret|passw(?:or)?d|passphrase|credential|private_?key|api_?key/i;

/** Whether a key tells by its name that its value is not to be shown: `consoleToken`, `db_password`. */
export function isSecret(key: string): boolean {
  return SECRET.test(key);
}

/** A copy of a value, with {@link HIDDEN} for what stands under such a key. */
export function hideSecrets(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(hideSecrets);
  if (value instanceof Map)
    return new Map([...value].map(([key, part]) => [key, typeof key === 'string' ? hide(key, part) : part]));
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype)
    return value;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, hide(key, part)]));
}

function hide(key: string, part: unknown): unknown {
  return isSecret(key) && part !== undefined && part !== null ? HIDDEN : hideSecrets(part);
}
