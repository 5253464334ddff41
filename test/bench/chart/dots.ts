// Ratios as dots on a logarithmic axis, a row for each guest: twice as fast and half as fast are equally far from 1.
import { element, INK, label, line, SERIES, svg } from './svg.ts';

export interface DotSeries {
  readonly name: string;
  /** One value a row; undefined where there is none. */
  readonly values: readonly (number | undefined)[];
}

export interface DotChart {
  readonly title: string;
  readonly rows: readonly string[];
  readonly series: readonly DotSeries[];
}

const WIDTH = 760;
const LEFT = 120;
const RIGHT = 60;
const TOP = 56;
const ROW = 22;

/** Values that the axis may begin and end with, and that get a line when between. */
const ticks = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100];

export function drawDots({ title, rows, series }: DotChart): string {
  const values = series.flatMap((one) => one.values.filter((value) => value !== undefined));
  const low = Math.min(1, ...values);
  const high = Math.max(1, ...values);
  const first = ticks.findLast((tick) => tick <= low) ?? low;
  const last = ticks.find((tick) => tick >= high) ?? high;
  const from = Math.log(first === last ? first / 2 : first);
  const to = Math.log(first === last ? last * 2 : last);
  const x = (value: number): number => LEFT + ((Math.log(value) - from) / (to - from)) * (WIDTH - LEFT - RIGHT);
  const bottom = TOP + rows.length * ROW;
  const parts: string[] = [];
  for (const tick of ticks.filter((value) => value >= first && value <= last)) {
    parts.push(line(x(tick), TOP - 4, x(tick), bottom, tick === 1 ? { stroke: INK } : {}));
    parts.push(label(x(tick), bottom + 16, `${tick}`, { 'text-anchor': 'middle' }));
  }
  rows.forEach((row, index) => {
    parts.push(label(LEFT - 12, TOP + index * ROW + 15, row, { 'text-anchor': 'end' }));
  });
  series.forEach((one, index) => {
    const color = SERIES[index % SERIES.length]!;
    const legend = LEFT + index * 150;
    parts.push(element('circle', { cx: legend, cy: 38, r: 4, fill: color }), label(legend + 10, 42, one.name));
    one.values.forEach((value, row) => {
      if (value === undefined) return;
      const y = TOP + row * ROW + 11;
      if (index === 0) {
        parts.push(line(x(1), y, x(value), y, { stroke: color, 'stroke-width': 3 }));
        parts.push(label(WIDTH - RIGHT + 12, y + 4, value.toFixed(2), { fill: color }));
      }
      parts.push(element('circle', { cx: x(value), cy: y, r: 4.5, fill: color }));
    });
  });
  return svg(WIDTH, bottom + 28, title, parts);
}
