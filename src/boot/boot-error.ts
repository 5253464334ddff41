/** A guest that cannot be started: `message` is one line for the user, who sees it as it is. */
export class BootError extends Error {
  override readonly name: string = 'BootError';
}
