// The tables of docs/bench.md: a row for each thing that a case is held against.

/** Above the rows of one table. */
export const TABLE_HEAD = `| case | | ours | beside it | | × |
| --- | --- | ---: | --- | ---: | ---: |`;

/** Three figures, as text. */
function figure(value) {
  return Number(value.toPrecision(3)).toLocaleString('en', { maximumFractionDigits: 4 });
}

/** How many times as good ours is: `ratio` is ours by the other, and less is better but for what is counted in a second. */
function improvement(unit, ratio) {
  const times = unit.endsWith('/s') ? ratio : 1 / ratio;
  return String(Number(times.toPrecision(2)));
}

/** The rows of one case, of the lines that `runCase` gives. */
export function tableRows(lines) {
  const names = [...new Set(lines.map(({ line }) => line))];
  return names.flatMap((name) =>
    lines
      // Not everything beside a case has all of its figures.
      .filter(({ line, floor, ratio }) => line === name && Number.isFinite(floor) && Number.isFinite(ratio))
      .map(({ value, unit, floor, ratio, floorName }, nth) => {
        const front = nth === 0 ? `\`${name}\` | ${unit.replace(/^us\b/, 'µs')} | ${figure(value)}` : '| |';
        const beside = floorName === 'original' ? 'the original' : floorName;
        return `| ${front} | ${beside} | ${figure(floor)} | ${improvement(unit, ratio)} |`;
      }),
  );
}
