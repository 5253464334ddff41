// Wires that several devices drive.
import { expect, test } from 'vitest';
import { wiredOr } from '../../../runtime/bus/line.ts';
import { RecordedLine } from '../../support/device-bench.ts';

test('a wire is high while any of its drivers is', () => {
  const wire = new RecordedLine();
  const [first, second] = wiredOr(wire, 2);
  first!.set(true);
  second!.set(true);
  first!.set(false);
  expect(wire.high).toBe(true);
  second!.set(false);
  expect(wire.high).toBe(false);
});
