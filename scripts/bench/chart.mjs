// Curves as one SVG: panels side by side, readable on light and dark grounds, without any library.

const PANEL = { width: 460, height: 300, left: 76, right: 16, top: 40, bottom: 68 };
const COLUMNS = 2;
/** From here on a scale of figures goes in powers of ten. */
const WIDE = 40;

const STYLE = `
  text { font: 12px system-ui, sans-serif; fill: #1f2328; }
  .title { font-weight: 600; font-size: 14px; }
  .small { font-size: 11px; fill: #59636e; }
  .grid { stroke: #d1d9e0; }
  .line { fill: none; stroke-width: 2; }
  .c0 { stroke: #0969da; } .c1 { stroke: #bc4c00; } .c2 { stroke: #1a7f37; } .c3 { stroke: #8250df; }
  .d0 { fill: #0969da; } .d1 { fill: #bc4c00; } .d2 { fill: #1a7f37; } .d3 { fill: #8250df; }
  @media (prefers-color-scheme: dark) {
    text { fill: #f0f6fc; }
    .small { fill: #9198a1; }
    .grid { stroke: #3d444d; }
    .c0 { stroke: #4493f8; } .c1 { stroke: #f0883e; } .c2 { stroke: #3fb950; } .c3 { stroke: #ab7df8; }
    .d0 { fill: #4493f8; } .d1 { fill: #f0883e; } .d2 { fill: #3fb950; } .d3 { fill: #ab7df8; }
  }`;

const escaped = (text) =>
  String(text).replace(
    /[&<>"]/g,
    (sign) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[sign],
  );

/** `1k`, `2.5M`, `0.4`. */
export function short(value) {
  const [unit, by] = value >= 1e6 ? ['M', 1e6] : value >= 1e4 ? ['k', 1e3] : ['', 1];
  return `${Number((value / by).toPrecision(3))}${unit}`;
}

/** Round steps from nothing to above the highest. */
function linearTicks(highest) {
  const rough = highest / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((by) => by * power).find((by) => by >= rough);
  return Array.from({ length: Math.ceil(highest / step) + 1 }, (_, i) => i * step);
}

function powerTicks(lowest, highest) {
  const first = Math.floor(Math.log10(lowest));
  const last = Math.ceil(Math.log10(highest));
  return Array.from({ length: last - first + 1 }, (_, i) => 10 ** (first + i));
}

/** A function from values to places between two ends. */
function scale(from, to, start, end, isLog) {
  const of = isLog ? Math.log10 : (value) => value;
  const width = of(to) - of(from);
  return (value) => start + (width === 0 ? 0.5 : (of(value) - of(from)) / width) * (end - start);
}

/**
 * One panel. `curve` has `title`, `x` (`label`, `values`, `linear`), `y` (`label`) and `points`: by the name of a series a figure
 * for each of the values, undefined where there is none.
 */
function panel({ title, x, y, points }, left, top) {
  const { width, height } = PANEL;
  const [x0, x1] = [PANEL.left, width - PANEL.right];
  const [y0, y1] = [height - PANEL.bottom, PANEL.top];
  const all = Object.values(points)
    .flat()
    .filter((value) => Number.isFinite(value) && value > 0);
  if (all.length === 0) throw new Error(`nothing to draw of ${title}`);
  const [lowest, highest] = [Math.min(...all), Math.max(...all)];
  const isLog = highest / lowest > WIDE;
  const ticks = isLog ? powerTicks(lowest, highest) : linearTicks(highest);
  const placeX = scale(Math.min(...x.values), Math.max(...x.values), x0 + 12, x1 - 12, x.linear !== true);
  const placeY = scale(ticks[0], ticks.at(-1), y0, y1, isLog);
  const at = (value) => value.toFixed(1);
  const out = [
    `<g transform="translate(${left} ${top})">`,
    `<text class="title" x="${x0}" y="20">${escaped(title)}</text>`,
  ];
  for (const tick of ticks)
    out.push(
      `<line class="grid" x1="${x0}" x2="${x1}" y1="${at(placeY(tick))}" y2="${at(placeY(tick))}"/>`,
      `<text class="small" x="${x0 - 6}" y="${at(placeY(tick) + 4)}" text-anchor="end">${short(tick)}</text>`,
    );
  for (const value of x.values)
    out.push(
      `<line class="grid" x1="${at(placeX(value))}" x2="${at(placeX(value))}" y1="${y0}" y2="${y0 + 4}"/>`,
      `<text class="small" x="${at(placeX(value))}" y="${y0 + 17}" text-anchor="middle">${value < 10_000 ? value : short(value)}</text>`,
    );
  out.push(
    `<text x="${(x0 + x1) / 2}" y="${y0 + 34}" text-anchor="middle">${escaped(x.label)}</text>`,
    `<text transform="translate(16 ${(y0 + y1) / 2}) rotate(-90)" text-anchor="middle">${escaped(y.label)}</text>`,
  );
  let legend = x0;
  Object.entries(points).forEach(([name, values], n) => {
    const drawn = x.values
      .map((value, i) => [value, values[i]])
      .filter(([, figure]) => Number.isFinite(figure) && figure > 0);
    const path = drawn.map(
      ([value, figure], i) => `${i === 0 ? 'M' : 'L'}${at(placeX(value))} ${at(placeY(figure))}`,
    );
    out.push(`<path class="line c${n % 4}" d="${path.join('')}"/>`);
    for (const [value, figure] of drawn)
      out.push(
        `<circle class="d${n % 4}" cx="${at(placeX(value))}" cy="${at(placeY(figure))}" r="3.5"><title>${escaped(`${name}, ${value.toLocaleString('en')} ${x.label}: ${short(figure)} ${y.label}`)}</title></circle>`,
      );
    out.push(
      `<circle class="d${n % 4}" cx="${legend + 5}" cy="${height - 16}" r="4"/>`,
      `<text x="${legend + 14}" y="${height - 12}">${escaped(name)}</text>`,
    );
    legend += 34 + name.length * 6.6;
  });
  out.push('</g>');
  return out.join('\n');
}

/** All panels; `note` says where and when it was measured. */
export function drawCurves(curves, note) {
  const rows = Math.ceil(curves.length / COLUMNS);
  const width = PANEL.width * Math.min(COLUMNS, curves.length);
  const height = PANEL.height * rows + 28;
  const panels = curves.map((curve, i) =>
    panel(curve, (i % COLUMNS) * PANEL.width, Math.floor(i / COLUMNS) * PANEL.height),
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">
<title>Measured curves</title>
<desc>${escaped(note)}</desc>
<style>${STYLE}
</style>
${panels.join('\n')}
<text class="small" x="${PANEL.left}" y="${height - 10}">${escaped(note)}</text>
</svg>
`;
}
