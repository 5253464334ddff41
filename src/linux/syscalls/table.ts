/** All system calls that are served; any other number is ENOSYS. */
import { attributeCalls } from './attribute.ts';
import type { CallTable } from './call.ts';
import { directoryCalls } from './directory.ts';
import { identityCalls } from './identity.ts';
import { memoryCalls } from './memory.ts';
import { openCalls } from './open.ts';
import { pollCalls } from './poll.ts';
import { processCalls } from './process.ts';
import { resourceCalls } from './resource.ts';
import { signalCalls } from './signal.ts';
import { statusCalls } from './status.ts';
import { systemCalls } from './system.ts';
import { terminalCalls } from './terminal.ts';
import { timeCalls } from './time.ts';
import { transferCalls } from './transfer.ts';

export const callTable: CallTable = {
  ...transferCalls,
  ...openCalls,
  ...statusCalls,
  ...directoryCalls,
  ...attributeCalls,
  ...memoryCalls,
  ...timeCalls,
  ...signalCalls,
  ...processCalls,
  ...resourceCalls,
  ...identityCalls,
  ...pollCalls,
  ...terminalCalls,
  ...systemCalls,
};
