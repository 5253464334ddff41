/** Users and groups: one user, who is who the embedder says and stays so. */
import { Errno, fail } from '../errno.ts';
import { type CallTable, call, type Handler } from './call.ts';

const getUser: Handler = ({ credentials }) => credentials.uid;
const getGroup: Handler = ({ credentials }) => credentials.gid;

/** Setting `count` identities works when each is the one that the process has, or -1 to leave it. */
function keep(which: 'uid' | 'gid', count: number): Handler {
  return (kernel, ...ids) => {
    const own = kernel.credentials[which];
    return ids.slice(0, count).every((id) => id === own || id === -1) ? 0 : -Errno.EPERM;
  };
}

/** Real, effective and saved identity, 16 or 32 bits wide. */
function three(which: 'uid' | 'gid', isWide: boolean): Handler {
  return (kernel, real, effective, saved) => {
    const own = kernel.credentials[which];
    for (const at of [real, effective, saved]) {
      if (isWide) kernel.memory.write32(at, own);
      else kernel.memory.write16(at, own);
    }
    return 0;
  };
}

/** setfsuid and setfsgid return the old one, whatever they did. */
function fileSystemIdentity(which: 'uid' | 'gid'): Handler {
  return (kernel) => kernel.credentials[which];
}

/** Supplementary groups: the one group. */
function getGroups(isWide: boolean): Handler {
  return (kernel, size, at) => {
    if (size < 0) fail(Errno.EINVAL);
    if (size > 0) {
      if (isWide) kernel.memory.write32(at, kernel.credentials.gid);
      else kernel.memory.write16(at, kernel.credentials.gid);
    }
    return 1;
  };
}

function refuse(): number {
  return -Errno.EPERM;
}

export const identityCalls: CallTable = {
  23: call('setuid', 'i', keep('uid', 1)),
  24: call('getuid', '', getUser),
  46: call('setgid', 'i', keep('gid', 1)),
  47: call('getgid', '', getGroup),
  49: call('geteuid', '', getUser),
  50: call('getegid', '', getGroup),
  70: call('setreuid', 'ii', keep('uid', 2)),
  71: call('setregid', 'ii', keep('gid', 2)),
  80: call('getgroups', 'ix', getGroups(false)),
  81: call('setgroups', 'ix', refuse),
  164: call('setresuid', 'iii', keep('uid', 3)),
  165: call('getresuid', 'xxx', three('uid', false)),
  170: call('setresgid', 'iii', keep('gid', 3)),
  171: call('getresgid', 'xxx', three('gid', false)),
  199: call('getuid32', '', getUser),
  200: call('getgid32', '', getGroup),
  201: call('geteuid32', '', getUser),
  202: call('getegid32', '', getGroup),
  203: call('setreuid32', 'ii', keep('uid', 2)),
  204: call('setregid32', 'ii', keep('gid', 2)),
  205: call('getgroups32', 'ix', getGroups(true)),
  206: call('setgroups32', 'ix', refuse),
  208: call('setresuid32', 'iii', keep('uid', 3)),
  209: call('getresuid32', 'xxx', three('uid', true)),
  210: call('setresgid32', 'iii', keep('gid', 3)),
  211: call('getresgid32', 'xxx', three('gid', true)),
  213: call('setuid32', 'i', keep('uid', 1)),
  214: call('setgid32', 'i', keep('gid', 1)),
  215: call('setfsuid32', 'i', fileSystemIdentity('uid')),
  216: call('setfsgid32', 'i', fileSystemIdentity('gid')),
};
