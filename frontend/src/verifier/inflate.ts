/** zlib streams (RFC 1950), whole and bounded. */
import { Z_FINISH, Z_OK, Z_BUF_ERROR, Z_STREAM_END, zlibInflate, zlibInflateInit2, ZStream } from 'pako';
import { join } from './bytes';

const WINDOW_BITS = 15;
const CHUNK = 1 << 16;

/** Unpack one whole stream of at most `sizeBytesMax` bytes with nothing behind it; null for anything else. */
export function inflate(raw: Uint8Array, sizeBytesMax: number): Uint8Array<ArrayBuffer> | null {
  const stream = new ZStream();
  if (zlibInflateInit2(stream, WINDOW_BITS) !== Z_OK) {
    return null;
  }
  [stream.input, stream.next_in, stream.avail_in] = [raw, 0, raw.length];
  const pieces: Uint8Array[] = [];
  // A bomb is not inflated: the work stops at the first piece beyond the limit.
  for (let size = 0; size <= sizeBytesMax; ) {
    const room = Math.min(CHUNK, sizeBytesMax + 1 - size);
    [stream.output, stream.next_out, stream.avail_out] = [new Uint8Array(room), 0, room];
    const status = zlibInflate(stream, Z_FINISH);
    pieces.push(stream.output.subarray(0, stream.next_out));
    size += stream.next_out;
    if (status === Z_STREAM_END) {
      return size <= sizeBytesMax && stream.avail_in === 0 ? join(...pieces) : null;
    }
    // Z_BUF_ERROR says "no room" while the room is used up, and "no more input" otherwise (zlib.h, inflate).
    if (!((status === Z_OK || status === Z_BUF_ERROR) && stream.avail_out === 0)) {
      return null;
    }
  }
  return null;
}
