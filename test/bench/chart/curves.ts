// One or more curves over a linear axis from 0: how a cost grows.
import { element, INK, label, line, SERIES, svg } from './svg.ts';

export interface Curve {
  readonly name: string;
  readonly points: readonly { readonly x: number; readonly y: number }[];
}

export interface CurveChart {
  readonly title: string;
  readonly xLabel: string;
  readonly yLabel: string;
  readonly curves: readonly Curve[];
  /** A line across at this height: a goal. */
  readonly limit?: number;
}

const WIDTH = 620;
const HEIGHT = 320;
const LEFT = 70;
const RIGHT = 24;
const TOP = 56;
const BOTTOM = 48;

/** Four to eight round steps from 0 to `most` or a little above. */
function roundSteps(most: number): number[] {
  const power = 10 ** Math.floor(Math.log10(most));
  const step = [0.2, 0.25, 0.5, 1, 2].map((factor) => factor * power).find((size) => most / size <= 8)!;
  return Array.from({ length: Math.ceil(most / step - 1e-9) + 1 }, (_, i) => i * step);
}

const written = (value: number): string => String(Number(value.toPrecision(3)));

export function drawCurves({ title, xLabel, yLabel, curves, limit }: CurveChart): string {
  const all = curves.flatMap(({ points }) => points);
  const xs = roundSteps(Math.max(...all.map(({ x }) => x), 1e-9));
  const ys = roundSteps(Math.max(...all.map(({ y }) => y), limit ?? 0, 1e-9));
  const toX = (x: number): number => LEFT + (x / xs.at(-1)!) * (WIDTH - LEFT - RIGHT);
  const toY = (y: number): number => HEIGHT - BOTTOM - (y / ys.at(-1)!) * (HEIGHT - TOP - BOTTOM);
  const parts: string[] = [];
  for (const y of ys) {
    parts.push(line(LEFT, toY(y), WIDTH - RIGHT, toY(y)));
    parts.push(label(LEFT - 8, toY(y) + 4, written(y), { 'text-anchor': 'end' }));
  }
  for (const x of xs) parts.push(label(toX(x), HEIGHT - BOTTOM + 18, written(x), { 'text-anchor': 'middle' }));
  parts.push(label((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 10, xLabel, { 'text-anchor': 'middle' }));
  parts.push(label(12, 40, yLabel));
  if (limit !== undefined) {
    parts.push(line(LEFT, toY(limit), WIDTH - RIGHT, toY(limit), { stroke: INK, 'stroke-dasharray': '5 4' }));
  }
  curves.forEach(({ name, points }, index) => {
    const stroke = SERIES[index % SERIES.length]!;
    const path = points.map(({ x, y }) => `${toX(x).toFixed(1)},${toY(y).toFixed(1)}`).join(' ');
    parts.push(element('polyline', { points: path, fill: 'none', stroke, 'stroke-width': 2.5 }));
    for (const { x, y } of points) parts.push(element('circle', { cx: toX(x), cy: toY(y), r: 3.5, fill: stroke }));
    parts.push(label(LEFT + 90 + index * 160, 40, name, { fill: stroke }));
  });
  return svg(WIDTH, HEIGHT, title, parts);
}
