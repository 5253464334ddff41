// The few SVG elements that the charts use, as text. Written by hand because the maintained chart packages need a DOM
// (chartist, d3, plot) or are megabytes (echarts, plotly, vega), and two small charts do not.

/** Text colour, lines of the grid, and the series' colours: readable on white and on dark pages. */
export const INK = '#57606a';
export const GRID = '#8c959f55';
export const SERIES: readonly string[] = ['#0969da', '#bf8700', '#1a7f37', '#cf222e', '#8250df'];

type Attributes = Readonly<Record<string, string | number>>;

const escapeText = (text: string): string => text.replace(/[&<>"]/g, (character) => `&#${character.codePointAt(0)};`);

/** An element; children are SVG text already. Numbers are rounded to a tenth of a pixel. */
export function element(name: string, attributes: Attributes, ...children: readonly string[]): string {
  const written = Object.entries(attributes).map(([key, value]) => {
    const text = typeof value === 'number' ? String(Math.round(value * 10) / 10) : escapeText(value);
    return ` ${key}="${text}"`;
  });
  return `<${name}${written.join('')}>${children.join('')}</${name}>`;
}

/** Text at a point. */
export function label(x: number, y: number, text: string, attributes: Attributes = {}): string {
  return element('text', { x, y, ...attributes }, escapeText(text));
}

export function line(x1: number, y1: number, x2: number, y2: number, attributes: Attributes = {}): string {
  return element('line', { x1, y1, x2, y2, stroke: GRID, ...attributes });
}

/** The whole picture. */
export function svg(width: number, height: number, title: string, parts: readonly string[]): string {
  const head = [element('title', {}, escapeText(title)), label(12, 20, title, { 'font-weight': 'bold' })];
  return element(
    'svg',
    {
      xmlns: 'http://www.w3.org/2000/svg',
      viewBox: `0 0 ${width} ${height}`,
      width,
      height,
      'font-family': 'system-ui, sans-serif',
      'font-size': 12,
      fill: INK,
    },
    ...head,
    ...parts,
  );
}

/** A page that shows pictures, for files that are named .html. */
export function page(title: string, pictures: readonly string[]): string {
  const style = 'body{margin:2em;color-scheme:light dark}svg{display:block;max-width:100%;height:auto;margin:1em 0}';
  return `<!doctype html>\n<meta charset="utf-8"><title>${escapeText(title)}</title><style>${style}</style>\n${pictures.join('\n')}\n`;
}
