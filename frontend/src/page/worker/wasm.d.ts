// The build writes the address of the module, or of the worker, in the place of these imports.
declare module '*.wasm?url' {
  const address: string;
  export default address;
}

declare module '*?worker&url' {
  const address: string;
  export default address;
}
