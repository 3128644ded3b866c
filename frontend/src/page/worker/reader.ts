// Reads codes from pixels, off the page's thread: the page stays smooth while a hard picture is tried.
import { prepareZXingModule, readBarcodes, type ReaderOptions } from 'zxing-wasm/reader';
import wasm from 'zxing-wasm/reader/zxing_reader.wasm?url';

export interface Asked {
  readonly id: number;
  readonly pixels: ImageData;
  /** A photograph deserves more patience than one frame of thirty. */
  readonly isHard: boolean;
}

export interface Found {
  readonly id: number;
  readonly texts: readonly string[];
  readonly failed?: string;
}

const QUICK: ReaderOptions = { formats: ['QRCode'], tryHarder: true, tryInvert: true, maxNumberOfSymbols: 4 };
const HARD: ReaderOptions = { ...QUICK, tryRotate: true, tryDownscale: true, tryDenoise: true };

// The reader would fetch its module from a stranger's server; ours lies beside this file.
prepareZXingModule({ overrides: { locateFile: (name: string, folder: string) => (name.endsWith('.wasm') ? wasm : folder + name) } });

self.addEventListener('message', (event: MessageEvent<Asked>) => {
  void answer(event.data).then((found) => self.postMessage(found));
});

async function answer({ id, pixels, isHard }: Asked): Promise<Found> {
  try {
    const read = await readBarcodes(pixels, isHard ? HARD : QUICK);
    const texts = read.filter((one) => one.isValid && one.text).map((one) => one.text);
    return { id, texts: [...new Set(texts)] };
  } catch (error) {
    return { id, texts: [], failed: String(error) };
  }
}
