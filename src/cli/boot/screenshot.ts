/** Saves what a PC shows as a PNG file. */
import { writeFileSync } from 'node:fs';
import { PNG } from 'pngjs';
import type { Frame } from '../../index.ts';

/** @throws the file system's error. */
export function savePng({ width, height, pixels }: Frame, path: string): void {
  const png = new PNG({ width, height });
  png.data = Buffer.from(pixels.buffer, pixels.byteOffset, width * height * 4);
  writeFileSync(path, PNG.sync.write(png));
}
