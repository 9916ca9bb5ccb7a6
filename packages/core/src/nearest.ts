/** Letters to add, leave out, change, or swap with a neighbour to make one word of the other. */
function distance(a: string, b: string): number {
  let before: readonly number[] = [];
  let last: readonly number[] = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const changed = (last[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const swapped =
        a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] ? (before[j - 2] as number) + 1 : changed;
      row.push(Math.min((last[j] as number) + 1, (row[j - 1] as number) + 1, changed, swapped));
    }
    before = last;
    last = row;
  }
  return last[b.length] as number;
}

/** Longer words are no slips of the pen. */
const LONGEST = 64;

/**
 * The word that was probably meant, if there is one: it differs in upper and lower case only, or in the fewest letters.
 * @param most Letters that may differ, default 2. In words of less than six letters it is one.
 */
export function nearest(word: string, words: Iterable<string>, most = 2): string | undefined {
  if (word.length > LONGEST) return undefined;
  let least = (word.length < 6 ? 1 : most) + 1;
  let found: string | undefined;
  for (const candidate of words) {
    const letters = distance(word.toLowerCase(), candidate.toLowerCase());
    if (letters >= least) continue;
    found = candidate;
    least = letters;
  }
  return found;
}
