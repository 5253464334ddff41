/** Errors of node:fs as guest errors: the names are the same, the numbers may not be. */
import { Errno, SystemError } from '../linux/errno.ts';

/** Runs a host call; what it throws becomes a SystemError. */
export function guarded<T>(run: () => T): T {
  try {
    return run();
  } catch (error) {
    throw toSystemError(error);
  }
}

/** The guest's error for one of the host's; EIO when it has no name that Linux knows. */
export function toSystemError(error: unknown): unknown {
  if (error instanceof SystemError) return error;
  const code = (error as { readonly code?: unknown } | null)?.code;
  if (typeof code !== 'string') return error;
  return new SystemError(Object.hasOwn(Errno, code) ? Errno[code as keyof typeof Errno] : Errno.EIO);
}
