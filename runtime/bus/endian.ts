/** Guest words are read through typed arrays, which use the host's byte order: it must be x86's. */
export const hostIsLittleEndian: boolean = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;
