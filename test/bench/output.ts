// The files that a benchmark leaves: a report as JSON, which says when and on what it was measured, and charts.
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { dirname } from 'node:path';
import colors from 'picocolors';
import { page } from './chart/svg.ts';

/** The first fields of every report. */
export interface Measured {
  /** ISO 8601, UTC. */
  readonly date: string;
  readonly host: { readonly cpu: string; readonly cores: number; readonly node: string };
}

export function measuredHere(): Measured {
  return {
    date: new Date().toISOString(),
    host: { cpu: cpus()[0]?.model ?? 'unknown', cores: cpus().length, node: process.version },
  };
}

/** Writes a file and says so; makes its folder. */
function write(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  console.log(colors.dim(`wrote ${file}`));
}

export function writeReport(file: string, report: Measured): void {
  write(file, JSON.stringify(report, undefined, 2) + '\n');
}

/** Writes SVG pictures: one page with all of them if the name ends in .html, else a file each (name.svg, name-2.svg, …). */
export function writeCharts(file: string, title: string, pictures: readonly string[]): void {
  if (pictures.length === 0) return;
  if (file.endsWith('.html')) write(file, page(title, pictures));
  else {
    pictures.forEach((picture, i) => {
      write(file.replace(/(\.svg)?$/, `${i === 0 ? '' : `-${i + 1}`}.svg`), picture);
    });
  }
}
